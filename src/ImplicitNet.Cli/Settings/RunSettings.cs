using ImplicitNet.Cli.Options;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Settings;

/// <summary>
/// All that a training run was started with, kept in its folder so that it can go on without being told again. A property is declared
/// once: its name is that of the flag and of the member of the file, its attribute says what the flag says and takes, its value is the
/// default.
/// </summary>
internal sealed record RunSettings
{
    // StrokeDigits draws at least so many.
    private const int LeastDrawings = 10;

    /// <summary>Version of the file's format; 1.</summary>
    public int Format { get; init; } = 1;

    [Choice(OptionGroup.Data, "Data set (default: digits, which are drawn here and need no file).", typeof(DataChoice))]
    public required string Data { get; init; }

    [Folder(OptionGroup.Data, "Folder that holds the data set's files (default: downloaded once into a cache).", IsFreeOnResume = true)]
    public string? DataDir { get; init; }

    [Number(OptionGroup.Data, "Training images to use (default: 12000 digits; of other data sets all).", Least = LeastDrawings)]
    public int? Images { get; init; }

    [Number(
        OptionGroup.Data,
        "Images held out of training to choose the weights by (default: 2000 digits, 5000 of cifar10 and svhn, else 10000).",
        Least = LeastDrawings)]
    public required int Validation { get; init; }

    [Number(OptionGroup.Data, "Test images to use.", Least = LeastDrawings, IsHidden = true)]
    public int? TestImages { get; init; }

    [Number(OptionGroup.Run, "Seed of the weights, the order and the augmentation (default: 1).", IsCompared = true)]
    public long Seed { get; init; } = 1;

    [Number(
        OptionGroup.Run,
        "Threads to compute with (default: one per core). Results can differ in the last bits between numbers of threads.",
        Least = 1, Most = 1024)]
    public int Threads { get; init; }

    [Choice(OptionGroup.Run, "Where to compute (default: cpu).", typeof(DeviceChoice))]
    public string Device { get; init; } = DeviceChoice.Processor;

    [Number(OptionGroup.Training, "Passes over the training images (default: 5 for digits, else 10).", Least = 1)]
    public required int Epochs { get; init; }

    [Number(OptionGroup.Data, "Images in a batch (default: 100; 50 of cifar10 and svhn).", Least = 1)]
    public int Batch { get; init; } = 100;

    [Number(OptionGroup.Training, "Base rate of Adam (default: 0.003; 0.002 for cifar10 and svhn).", Above = 0)]
    public double LearningRate { get; init; } = 3e-3;

    [Choice(OptionGroup.Training, "How the rate falls (default: cosine).", typeof(ScheduleChoice))]
    public string Schedule { get; init; } = ScheduleChoice.Cosine;

    [Number(OptionGroup.Training, "Steps over which the rate rises first (default: 0).", Least = 0)]
    public int Warmup { get; init; }

    [Number(OptionGroup.Training, "Decoupled weight decay (default: 0).", Least = 0)]
    public double WeightDecay { get; init; }

    [Number(OptionGroup.Training, "Largest norm of the gradient (default: none).", Above = 0)]
    public double? ClipNorm { get; init; }

    [Number(
        OptionGroup.Training,
        "Decay of a moving average of the weights, such as 0.99, which is then validated and kept (default: none; 0.99 for cifar10 and "
            + "svhn).",
        Above = 0, Below = 1)]
    public double? Average { get; init; }

    [Number(OptionGroup.Data, "Largest random shift of a training image in pixels (default: 2 for mnist, else 0).", Least = 0, Most = 16)]
    public int Shift { get; init; }

    [Switch(
        OptionGroup.Data,
        "Change training images at random: mirrored (not digits), cropped out of a border of 4 pixels, a rectangle erased.")]
    public bool Augment { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null: there was one network then.</summary>
    [Choice(
        OptionGroup.Network,
        "Network of the paper (default: mnist-fpn; for svhn svhn-fpn, for cifar10 cifar10-fpn-small).",
        typeof(NetworkChoice))]
    public string Network { get => field ?? NetworkChoice.First; init; }

    [Number(
        OptionGroup.Network,
        "Latent layers (default: 1, with --published cifar10-fpn 5). The clean mnist-fpn has one, and a residual block in its encoder for "
            + "every further one: 2 have the 54,352 parameters of the paper's.",
        Least = 1, Most = 50)]
    public int? LatentLayers { get; init; }

    [Switch(
        OptionGroup.Network,
        "The network as published, with batch norm in R, which couples the samples of a batch (default: the clean form, R a certified "
            + "contraction).")]
    public bool Published { get; init; }

    [Switch(OptionGroup.Network, "The explicit twin: the same layers, R applied once, by plain backpropagation.", IsCompared = true)]
    public bool Explicit { get; init; }

    [Number(
        OptionGroup.Network,
        "Contraction factor of the latent operator; as published, a factor that bounds nothing (default: 0.5).", Above = 0, Below = 1)]
    public double Gamma { get; init; } = 0.5;

    [Number(OptionGroup.Solver, "Relative tolerance of the solve (default: 0.001, with --published 0.01).", Above = 0, Below = 1)]
    public double Tolerance { get; init; } = 1e-3;

    [Number(OptionGroup.Solver, "Absolute tolerance of the solve, which is added to it (default: 0).", Least = 0)]
    public double AbsoluteTolerance { get; init; }

    /// <summary>For headings: "0.001", or "0.001 and absolute 0.01".</summary>
    internal string ToleranceWords =>
        Display.Number(Tolerance, "0.######")
        + (AbsoluteTolerance > 0 ? $" and absolute {Display.Number(AbsoluteTolerance, "0.######")}" : "");

    [Number(OptionGroup.Solver, "Step limit of the solve (default: 100).", Least = 1)]
    public int MaxSteps { get; init; } = 100;

    [Choice(OptionGroup.Solver, $"How fixed points are found (default: {SolverChoice.Default}).", typeof(SolverChoice))]
    public string Solver { get; init; } = SolverChoice.Default;

    [Number(OptionGroup.Solver, "Share of the full step that the solver takes (default: 1).", Above = 0, Most = 1, Alias = "--mixing")]
    public double Damping { get; init; } = 1;

    [Number(OptionGroup.Solver, "Steps that anderson, broyden and chain remember (default: the solver's).", Least = 1, Most = 50)]
    public int? Memory { get; init; }

    [Switch(
        OptionGroup.Solver,
        "Start every solve from the image's latent of the epoch before (kept in float16, also in the checkpoints).")]
    public bool WarmStart { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null.</summary>
    [Gradient(IsCompared = true)]
    public string Gradient { get => field ?? GradientChoice.Default; init; }

    [Number(
        OptionGroup.Checks,
        "How often per epoch the gradient is compared with the exact one, outside the time measured (default: 0).",
        Least = 0, IsFreeOnResume = true)]
    public int Cosines { get; init; }

    [Number(OptionGroup.Training, "Weight of a term of the loss that keeps the operator contracting (default: none).", Above = 0)]
    public double? JacobianPenalty { get; init; }

    [Number(OptionGroup.Checks, "Steps between two comparisons of the gradient with the exact one (default: none).", Least = 1)]
    public int? CertificateEvery { get; init; }

    [Switch(OptionGroup.Checks, "Go from JFB to refined and exact gradients, and back, as the comparisons say; needs --certificate-every.")]
    public bool Escalate { get; init; }

    [Number(
        OptionGroup.Output,
        "Steps between two checkpoints; one is also written after every epoch (default: 500).", Least = 1, IsFreeOnResume = true)]
    public int CheckpointEvery { get; init; } = 500;

    /// <summary>
    /// What a run does that is told no more than its data. The tolerance of the networks as published is for a whole batch,
    /// which their batch norm couples, and is near the rule that they were published with: 0.1 for the norm over channels at
    /// every pixel, from one iterate to the next.
    /// </summary>
    public static RunSettings DefaultsFor(string data, bool isPublished = false) => Of(data) with
    {
        Network = NetworkChoice.DefaultFor(data),
        Published = isPublished,
        Tolerance = isPublished ? 1e-2 : 1e-3,
    };

    private static RunSettings Of(string data) => data switch
    {
        DataChoice.Digits => new RunSettings { Data = data, Epochs = 5, Validation = 2_000 },
        DataChoice.Mnist => new RunSettings { Data = data, Epochs = 10, Validation = 10_000, Shift = 2 },
        DataChoice.Cifar10 or DataChoice.Svhn =>
            new RunSettings { Data = data, Epochs = 10, Validation = 5_000, Batch = 50, LearningRate = 2e-3, Average = 0.99 },
        _ => new RunSettings { Data = data, Epochs = 10, Validation = 10_000 },
    };

    /// <summary>
    /// The run of a comparison for a gradient, or for <see cref="GradientChoice.Explicit"/>. The explicit twin has one gradient, which is
    /// exact: no cosine is measured.
    /// </summary>
    public RunSettings Compared(string name) => name == GradientChoice.Explicit
        ? this with { Explicit = true, Cosines = 0 }
        : this with { Gradient = name };

    /// <summary>How batches are cut and training images changed.</summary>
    public BatchOptions ToBatchOptions(LoadedData data, Device device) => new()
    {
        Normalization = data.Normalization,
        BatchSize = Batch,
        Seed = Seed,
        MaximumShift = Shift,
        Augmentations = Augment ? AugmentationChoice.For(Data) : [],
        Device = device,
    };

    /// <summary>How the trainer is told.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public TrainingOptions ToTrainingOptions() => new()
    {
        Epochs = Epochs,
        LearningRate = LearningRate,
        Schedule = ScheduleChoice.Create(Schedule),
        WarmupSteps = Warmup,
        WeightDecay = WeightDecay,
        ClipNorm = ClipNorm,
        AverageDecay = Average,
        WarmStart = WarmStart ? new LatentCacheOptions { Dtype = ScalarType.Float16 } : null,
        JacobianPenalty = JacobianPenalty is { } weight ? new JacobianPenalty { Weight = weight } : null,
        CertificateSteps = CertificateEvery,
        Escalation = Escalate ? new EscalationPolicy() : null,
        CheckpointSteps = CheckpointEvery,
    };

    /// <summary>What the network is, but for its data.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public ModelConfig ToModelConfig(LoadedData data) => new()
    {
        Data = Data,
        PixelMean = data.Normalization.Mean,
        PixelDeviation = data.Normalization.Deviation,
        RelativeTolerance = Tolerance,
        AbsoluteTolerance = AbsoluteTolerance,
        MaxSteps = MaxSteps,
        Solver = Solver,
        Damping = Damping,
        Memory = Memory,
        Gradient = GradientChoice.Parse(Gradient).Text,
        Network = NetworkChoice.Create(this) with
        {
            Height = data.Splits.Train.Height,
            Width = data.Splits.Train.Width,
            ImageChannels = data.Splits.Train.Channels,
            Classes = data.Splits.Train.ClassCount,
        },
    };
}
