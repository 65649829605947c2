using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Measurements;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Images that are restored from what was measured of them; leaves say what that is.</summary>
internal abstract class RestorationKind : RunKind
{
    /// <summary>The names of all of them.</summary>
    public const string Restorations = $"{TaskChoice.Deblurring} and {TaskChoice.Tomography}";

    private const int EvaluationBatch = 50;
    private const long TestSeed = 1;

    private static readonly HashSet<string> OfImages =
        [nameof(RunSettings.DataDir), nameof(RunSettings.Images), nameof(RunSettings.TestImages), nameof(RunSettings.Gamma)];

    public override bool Does(string task) => task == Name;

    public override bool Has(string data) => DataChoice.Images.Contains(data) || data == DataChoice.Ellipses;

    public override bool Takes(RunSetting setting) =>
        OfImages.Contains(setting.Property) || base.Takes(setting);

    public override string? Problem(RunSettings settings) => settings switch
    {
        { Task: TaskChoice.Classification } =>
            $"task {settings.Task}: {settings.Data} have no classes. Name {TaskChoice.Tomography} or {TaskChoice.Deblurring}.",
        { Explicit: true, Gradient: not GradientChoice.Default } =>
            $"gradient {settings.Gradient}: an explicit twin has no fixed point; plain backpropagation is its exact gradient.",
        { Denoiser: RestorationOptions.Free, Gamma: var gamma } when gamma != DefaultsFor(settings.Data).Gamma =>
            $"gamma {Display.Number(gamma, "0.######")}: a free denoiser (--denoiser {RestorationOptions.Free}) has no factor.",
        _ => null,
    };

    public override string Samples(string data) => ImageKind.Images;

    public override string Model(RunSettings settings) => settings.Explicit ? "explicit twin" : "restoration network";

    public override string Network(RunSettings settings) =>
        Words(Options(settings, channels: 1, side: 1)) + (settings.Explicit ? ", explicit twin (R applied once)" : "");

    public override string Network(NetworkConfig config) => Words((RestorationOptions)config.Options);

    public override string Solve(RunSettings settings)
    {
        string factor = settings.Denoiser == RestorationOptions.Free
            ? "no factor is known" : $"contraction factor {Display.Number(settings.Gamma, "0.###")}";
        return $"{factor}, tolerance {settings.ToleranceWords}";
    }

    public override TrainingTask Task(RunSettings settings) => new Restoration();

    public override (string Value, string Note) Score(string data, string name, double value) => name == "psnr"
        ? ($"{Display.Number(value, "0.00")} dB", "peak signal-to-noise ratio, on average")
        : (Display.Number(value), "structural similarity, on average");

    public override RunSubject Load(RunSettings settings, Terminal terminal, CancellationToken cancellation)
    {
        LoadedData data = RunData.Load(settings, terminal, cancellation);
        RestorationOptions options = Options(settings, data.Splits.Train.Channels, data.Splits.Train.Height);
        EnsureTakes(options, data.Splits.Train);
        return new Subject(this, settings, data.Splits, options);
    }

    public override IndexedBatches Source(
        SavedModel model, RunSettings settings, string split, int? count, int? batchSize, Device device, Terminal terminal,
        CancellationToken cancellation)
    {
        RestorationOptions options = (RestorationOptions)model.Config.Options;
        ImageDataset images = SplitChoice.Of(RunData.Load(settings, terminal, cancellation).Splits, split);
        EnsureTakes(options, images);
        images = images.Slice(0, Math.Min(count ?? images.Count, images.Count));
        return Batches(options, images, PartOf(split), batchSize ?? EvaluationBatch, TestSeed, device);
    }

    public override int BatchOf(string data) => EvaluationBatch;

    /// <summary>What a network of this kind restores, in words that are the same for networks that can be compared.</summary>
    public string Restores(RestorationOptions options) =>
        FormattableString.Invariant($"{Measures(options)}, noise {options.Noise}, images of {Sizes(options)}");

    /// <summary>What the network is, for images of some channels and side.</summary>
    protected abstract RestorationOptions Options(RunSettings settings, int channels, int side);

    /// <summary>What measures the images, in words.</summary>
    protected abstract string Measures(RestorationOptions options);

    /// <summary>What all restorations are trained by.</summary>
    protected RunSettings Defaults(string data, int epochs, int validation, int batch) => new()
    {
        Data = data,
        Epochs = epochs,
        Validation = validation,
        Batch = batch,
        Task = Name,
        Solver = SolverChoice.Anderson,
        Tolerance = 1e-5,
        TrainTolerance = 1e-3,
        LearningRate = 2e-3,
        ClipNorm = 1,
    };

    /// <summary>The parts that leaves have in common.</summary>
    protected static RestorationOptions Usual(RunSettings settings, int channels)
    {
        RestorationOptions options = new()
        {
            Channels = channels,
            Gamma = settings.Gamma,
            Denoiser = settings.Denoiser,
            Explicit = settings.Explicit,
        };
        return options with
        {
            HiddenChannels = settings.Channels ?? options.HiddenChannels,
            GuideChannels = settings.Guide ?? options.GuideChannels,
        };
    }

    private string Words(RestorationOptions options) =>
        FormattableString.Invariant($"{options.Architecture}, {Measures(options)}, noise {options.Noise}, {options.Denoiser} denoiser of ")
        + $"{Display.Counted(options.Layers, "layer")} of {Display.Counted(options.HiddenChannels, "channel")}, "
        + (options.GuideChannels == 0 ? "no guide" : $"guide of {Display.Counted(options.GuideChannels, "channel")}");

    private static string Sizes(RestorationOptions options) =>
        (options.CreateMeasurement().ImageSize is (int height, int width) ? $"{height} x {width}" : "any size") + $" x {options.Channels}";

    private static void EnsureTakes(RestorationOptions options, ImageDataset images)
    {
        MeasurementOperator measurement = options.CreateMeasurement();
        if (images.Channels != options.Channels || (measurement.ImageSize is { } only && only != (images.Height, images.Width)))
        {
            throw new CommandException(
                $"{images.Name} has images of {images.Height} x {images.Width} x {images.Channels}; the network restores images of "
                + $"{Sizes(options)}.");
        }
    }

    private static DataPart PartOf(string split) => split switch
    {
        SplitChoice.Train => DataPart.Training,
        SplitChoice.Validation => DataPart.Validation,
        _ => DataPart.Test,
    };

    private static MeasuredImages Batches(
        RestorationOptions options, ImageDataset images, DataPart part, int batchSize, long seed, Device device) =>
        new(images, options.CreateMeasurement(), options.Noise, batchSize, seed) { Part = part, Device = device };

    private sealed class Subject(RestorationKind kind, RunSettings settings, DataSplits splits, RestorationOptions options) : RunSubject
    {
        public override NetworkConfig Config => settings.ToModelConfig(options);

        public override string Amounts => $"{Display.Count(splits.Train.Count)} training, "
            + $"{Display.Count(splits.Validation.Count)} validation and {Display.Count(splits.Test.Count)} test images";

        public override RunSources Sources(Device device) => new(
            Batches(options, splits.Train, DataPart.Training, settings.Batch, settings.Seed, device),
            Batches(options, splits.Validation, DataPart.Validation, EvaluationBatch, TestSeed, device),
            []);

        /// <summary>A solve that came to its limit has an image too.</summary>
        public override FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network) => new AcceptMaxSteps();

        public override FinalTest Test(
            nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation) =>
            FinalTest.Run(network, kind.Task(settings), Tests(device), settings.Tolerance, null, progress, cancellation);

        public override IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test) => [];

        public override RunReport Complete(RunReport report, FinalTest test) => report;

        public override RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation) =>
            RestorationPictures.Draw(network, Tests(CPU), folder);

        private MeasuredImages Tests(Device device) =>
            Batches(options, splits.Test, DataPart.Test, EvaluationBatch, TestSeed, device);
    }
}
