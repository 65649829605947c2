using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Data.Series;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What one run of a flow is about: its data, its network and its task.</summary>
internal sealed class FlowSubject(RunSettings settings) : RunSubject
{
    /// <summary>The most samples in a batch that is evaluated on.</summary>
    public const int LargestBatch = 1_000;

    private const int UsualPoints = 2_000;
    private const int UsualTests = 1_000;
    private const long TestSeed = 1;
    private const int PlaneDimensions = 2;

    // Rows that are forecast in training at most, and the share of the rows that is validated on, and as many again tested on.
    private const int MostLength = 8;
    private const double HeldOut = 1.0 / 7;

    public required IndexedBatches Train { get; init; }

    public required IndexedBatches Validation { get; init; }

    public required IndexedBatches Tests { get; init; }

    public required FlowNetworkOptions Network { get; init; }

    public required TrainingTask Task { get; init; }

    public override NetworkConfig Config => settings.ToConfig(Network);

    public override string Amounts => $"{Display.Count(Train.Count)} training, {Display.Count(Validation.Count)} validation and "
        + $"{Display.Count(Tests.Count)} test {FlowData.Samples(settings.Data)}";

    public override IReadOnlyList<string> Notes =>
        [.. new[] { LeftOut(Train, "training"), LeftOut(Validation, "validation"), LeftOut(Tests, "test") }.OfType<string>()];

    /// <summary>Reads or draws the data.</summary>
    /// <param name="settings">Those of the run.</param>
    /// <param name="task">What is measured.</param>
    /// <param name="units">The units of a model that is tried on a table; null: those of the table.</param>
    /// <exception cref="DataFileException">The file of a table is missing or wrong.</exception>
    /// <exception cref="CommandException">A table has too few rows.</exception>
    public static FlowSubject Load(RunSettings settings, TrainingTask task, SeriesForecasterOptions? units = null)
    {
        int zeros = FlowNetworkChoice.Zeros(settings.Network, settings.Data);
        return settings.Data switch
        {
            FlowData.Annuli => Points(
                settings, task, new NeuralOdeOptions { Inputs = PlaneDimensions, Zeros = zeros },
                (count, batch, seed, part) => new Annuli(PlaneDimensions, count, batch, seed) { Part = part }),
            FlowData.Swap => Points(
                settings, task, new NeuralOdeOptions { Inputs = 1, Outputs = 0, Zeros = zeros },
                (count, batch, seed, part) =>
                    BatchSource.Generate(Swapped, count, part, batchSize: batch, seed: seed, name: FlowData.Swap)),
            _ => Table(settings, FlowData.FileOf(settings.Data)!, zeros, task, units),
        };
    }

    /// <summary>What is left out of a part: series without a window in it; null where all have one.</summary>
    public static string? LeftOut(IndexedBatches part, string name) =>
        part is TimeSeriesBatches { SeriesWithoutWindow: > 0 and var none } table
            ? $"{Display.Count(none)} of {Display.Count(table.SeriesCount)} series have no window of "
                + $"{Display.Counted(table.Length, "row")} in {name} and do not count there"
            : null;

    public override RunSources Sources(Device device) => new(Train, Validation, []);

    public override FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network) => new MaskFailures();

    public override FinalTest Test(
        nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation) =>
        FinalTest.Run(network, Task, Tests, settings.Tolerance, null, progress, cancellation);

    public override IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test) => [];

    public override RunReport Complete(RunReport report, FinalTest test) => report;

    public override RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation) =>
        FlowPictures.Draw(network, Tests, folder);

    /// <summary>A part of the data.</summary>
    public IndexedBatches Part(string split) => split switch
    {
        SplitChoice.Train => Train,
        SplitChoice.Validation => Validation,
        _ => Tests,
    };

    // From +1 to -1 and back: on a line nobody can go there without meeting the other.
    private static (Tensor Input, Tensor Target) Swapped(long number, RandomNumbers random)
    {
        float side = number % 2 == 0 ? 1 : -1;
        return (tensor(new[] { side }), tensor(new[] { -side }));
    }

    private static FlowSubject Points(
        RunSettings settings, TrainingTask task, FlowNetworkOptions network, Func<int, int, long, DataPart, IndexedBatches> draw)
    {
        int tests = settings.TestSamples ?? UsualTests;
        return new FlowSubject(settings)
        {
            Train = draw(settings.Samples ?? UsualPoints, settings.Batch, settings.Seed, DataPart.Training),
            Validation = draw(settings.Validation, Math.Min(settings.Validation, LargestBatch), TestSeed, DataPart.Validation),
            Tests = draw(tests, Math.Min(tests, LargestBatch), TestSeed, DataPart.Test),
            Network = network,
            Task = task,
        };
    }

    private static FlowSubject Table(RunSettings settings, string file, int zeros, TrainingTask task, SeriesForecasterOptions? units)
    {
        IReadOnlyList<TimeSeries> series = TimeSeriesFile.Read(file);
        if (units is not null && !series[0].Columns.SequenceEqual(units.Columns))
        {
            throw new CommandException(
                $"{file}: the columns are {string.Join(", ", series[0].Columns)}; the model was trained on "
                + $"{string.Join(", ", units.Columns)}, in this order.");
        }

        string name = Path.GetFileName(file);
        int longest = series.Max(one => one.Times.Length), length = Math.Clamp((int)(longest * HeldOut / 2), 1, MostLength);
        TimeSeries[] train = [.. series.Select(one => one.Rows(..TrainEnd(one)))];
        SeriesScale scale = units is null ? ScaleOf(train, file) : new SeriesScale
        {
            Means = units.Means,
            Deviations = units.Deviations,
            TimeUnit = units.TimeUnit,
        };
        try
        {
            return new FlowSubject(settings)
            {
                Train = BatchSource.FromSeries(train, length, scale, settings.Batch, settings.Seed, $"{name}, first rows"),
                Validation = Held("rows behind them", one => (TrainEnd(one), TestBegin(one))),
                Tests = Held("last rows", one => (TestBegin(one), one.Times.Length)),
                Network = new SeriesForecasterOptions
                {
                    Columns = series[0].Columns,
                    Means = scale.Means,
                    Deviations = scale.Deviations,
                    TimeUnit = scale.TimeUnit,
                    Zeros = zeros,
                },
                Task = task,
            };

            // The row that a window begins at may be the one before: it is known then.
            TimeSeriesBatches Held(string part, Func<TimeSeries, (int First, int End)> rows) => BatchSource.FromSeries(
                [.. series.Select(one => one.Rows(Math.Max(0, rows(one).First - 1)..rows(one).End))],
                length, scale, LargestBatch, name: $"{name}, {part}");
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(
                $"{file}: too little to train on, validate and test. {JsonShape.Line(exception)}", innerException: exception);
        }
    }

    private static SeriesScale ScaleOf(TimeSeries[] train, string file)
    {
        try
        {
            return SeriesScale.Of(train);
        }
        catch (ArgumentException exception)
        {
            throw new CommandException($"{file}, in the rows that are trained on: {JsonShape.Line(exception)}", innerException: exception);
        }
    }

    private static int TestBegin(TimeSeries series) => series.Times.Length - (int)(series.Times.Length * HeldOut);

    private static int TrainEnd(TimeSeries series) => TestBegin(series) - (int)(series.Times.Length * HeldOut);
}
