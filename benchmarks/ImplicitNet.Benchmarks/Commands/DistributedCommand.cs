using System.CommandLine;
using System.Globalization;
using ImplicitNet.Benchmarks.Distributed;
using ImplicitNet.Benchmarks.Measurement;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Options;
using ImplicitNet.Reports;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>distributed: what a step of training takes on the ranks that a launcher started, or is expected to take on many.</summary>
internal sealed class DistributedCommand
{
    private const int DefaultSamples = 100;
    private const int DefaultSteps = 50;
    private const int MostRanks = 1_000_000;
    private const double NodeYears = 5;
    private const double CheckpointSeconds = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Of the usual classifier, of the published networks for MNIST and for CIFAR-10 with the largest, and of a transformer.
    private static readonly double[] Parameters = [36e3, 54e3, 843e3, 100e6];

    private static readonly ScalingModel Measured = new() { Fabric = Fabric.All[0], Parameters = Parameters[0] };

    private readonly Option<bool> _model = new("--model")
    {
        Description = "Print what is expected of many ranks by a model on paper: nothing is run.",
    };

    private readonly Option<int[]> _ranks = NumberListOption.Create("--ranks", "Numbers of ranks", [1, 2, 8, 64, 1024, 10_000], MostRanks);
    private readonly Option<int?> _samples = NumberOption.Whole(
        "--batch", $"Samples of a rank; of all ranks where the whole batch stays as it is (default: {DefaultSamples}).");

    private readonly Option<double?> _overhead = Time(
        "--overhead-ms", "Milliseconds of a step that do not depend on samples", Measured.Overhead);
    private readonly Option<double?> _perSample = Time("--sample-ms", "Milliseconds for a sample more", Measured.PerSample);
    private readonly Option<int?> _steps = NumberOption.Whole("--steps", $"Steps of a round (default: {DefaultSteps}).", most: 10_000);
    private readonly MeasurementOptions _common = new();

    public Command Create()
    {
        Command command = new("distributed", "Measure a step of training on the ranks that mpirun or srun started, or in one process; "
            + "with --model, tell what is expected of many ranks.")
        {
            _model, _ranks, _samples, _overhead, _perSample, _steps,
        };
        _common.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static Option<double?> Time(string name, string description, double usual) => NumberOption.Create<double>(
        name, $"{description} (default: {Cell(1e3 * usual)}).", new NumberRange { Least = 1e-6, Most = 1e9 });

    private int Run(ParseResult parsed) => parsed.GetValue(_model) ? Expect(parsed) : Measure(parsed);

    private int Measure(ParseResult parsed)
    {
        using Collective ranks = Mpi.Join(Patience);
        Machine machine = _common.Begin(parsed);
        DistributedMeasurement measured = DistributedMeasurement.Run(
            ranks, parsed.GetValue(_samples) ?? DefaultSamples, parsed.GetValue(_steps) ?? DefaultSteps, _common.RoundsOf(parsed));
        if (ranks.IsFirst)
        {
            parsed.InvocationConfiguration.Output.WriteLine(measured);
            ResultFiles.Write(_common.FilesOf(parsed).Json, measured, null, machine);
        }

        return ExitCodes.Success;
    }

    private int Expect(ParseResult parsed)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        int[] ranks = parsed.GetValue(_ranks)!;
        int samples = parsed.GetValue(_samples) ?? DefaultSamples;
        ScalingModel model = Measured with
        {
            Overhead = parsed.GetValue(_overhead) / 1e3 ?? Measured.Overhead,
            PerSample = parsed.GetValue(_perSample) / 1e3 ?? Measured.PerSample,
        };
        ScalingModel[] models =
            [.. Fabric.All.SelectMany(fabric => Parameters.Select(count => model with { Fabric = fabric, Parameters = count }))];
        output.WriteLine(Assumptions(model));
        Write(output, "Milliseconds for the sum of the gradient", ranks, models, (each, count) => Cell(1e3 * each.Sum(count)));
        Write(output, $"Of a step, % that is computing, {samples} samples on every rank", ranks, models,
            (each, count) => Cell(100 * each.Weak(count, samples)));
        Write(output, $"Times as fast as one rank, {samples} samples on all ranks together", ranks, models,
            (each, count) => count > samples ? "-" : Cell(each.Strong(count, samples)));
        output.WriteLine($"\n'-': there are more ranks than samples.\n\n{Checkpoints(ranks[^1])}");
        ResultFiles.Write(_common.FilesOf(parsed).Json, models.SelectMany(each => ranks.Select(count => new
        {
            each.Fabric,
            each.Parameters,
            Ranks = count,
            Samples = samples,
            Computing = each.Computing(samples),
            Sum = each.Sum(count),
            Waiting = each.Waiting(count, samples),
            Weak = each.Weak(count, samples),
            Strong = count > samples ? (double?)null : each.Strong(count, samples),
        })).ToArray(), null, Machine.Current());
        return ExitCodes.Success;
    }

    private static string Assumptions(ScalingModel model) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        A rank computes {1e3 * model.Overhead:0.###} ms a step and {1e3 * model.PerSample:0.###} ms a sample, whatever the parameters.
        {100 * model.SolveShare:0} % of it is solves, whose steps deviate by {100 * model.Deviation:0} % from sample to sample.
        A rank deviates by {100 * model.Jitter:0.#} % of its time;
        once in {1 / model.DelayRate:0} steps it is late by {100 * model.Delay:0} %.
        Gradients are float32, summed by the fastest of three ways:
        {string.Join("; ", Fabric.All.Select(fabric => string.Create(
            CultureInfo.InvariantCulture, $"{fabric.Name} {1e6 * fabric.Latency:0} us, {fabric.Bandwidth / 1e9:0.#} GB/s")))}
        """);

    private static string Checkpoints(int nodes)
    {
        (double every, double lost) = ScalingModel.Checkpoints(nodes, NodeYears, CheckpointSeconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Display.Counted(nodes, "machine")} of {NodeYears:0} years each: a checkpoint of {CheckpointSeconds:0} s is due every "
                + $"{Display.Seconds(every)};\nwith what failures take back that is {100 * lost:0.0} % of the time.");
    }

    private static void Write(
        TextWriter output, string title, int[] ranks, ScalingModel[] models, Func<ScalingModel, int, string> cell)
    {
        ReportTable table = new(
            ["by ranks", "parameters", .. ranks.Select(count => Display.Count(count))],
            [.. models.Select(model => (string[])
                [model.Fabric.Name, Display.Count((long)model.Parameters), .. ranks.Select(count => cell(model, count))])]);
        int[] widths = [.. table.Header.Select((name, column) => table.Rows.Select(row => row[column].Length).Append(name.Length).Max())];
        output.WriteLine($"\n{title}");
        foreach (IReadOnlyList<string> row in table.Rows.Prepend(table.Header))
        {
            output.WriteLine(string.Join("  ", row.Select(
                (text, column) => column == 0 ? text.PadRight(widths[0]) : text.PadLeft(widths[column]))));
        }
    }

    private static string Cell(double value) => value.ToString(
        value switch { 0 => "0", < 0.0995 => "0.000", < 9.95 => "0.00", < 99.5 => "0.0", _ => "0" }, CultureInfo.InvariantCulture);
}
