using ImplicitNet.Cli.Options;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Settings;

/// <summary>
/// All that a training run was started with, kept in its folder so that it can go on without being told again. The
/// names in the file are those of the options.
/// </summary>
internal sealed record RunSettings
{
    /// <summary>Version of the file's format; 1.</summary>
    public int Format { get; init; } = 1;

    public required string Data { get; init; }

    public string? DataDir { get; init; }

    public int? Images { get; init; }

    public required int Validation { get; init; }

    public int? TestImages { get; init; }

    public long Seed { get; init; } = 1;

    public int Threads { get; init; }

    public string Device { get; init; } = DeviceChoice.Processor;

    public required int Epochs { get; init; }

    public int Batch { get; init; } = 100;

    public double LearningRate { get; init; } = 3e-3;

    public string Schedule { get; init; } = ScheduleChoice.Cosine;

    public int Warmup { get; init; }

    public double WeightDecay { get; init; }

    public double? ClipNorm { get; init; }

    public double? Average { get; init; }

    public int Shift { get; init; }

    public bool Augment { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null: there was one network then.</summary>
    public string Network { get => field ?? NetworkChoice.First; init; }

    public int? LatentLayers { get; init; }

    public bool Published { get; init; }

    public bool Explicit { get; init; }

    public double Gamma { get; init; } = 0.5;

    public double Tolerance { get; init; } = 1e-3;

    public int MaxSteps { get; init; } = 100;

    public string Solver { get; init; } = SolverChoice.Default;

    public double Damping { get; init; } = 1;

    public int? Memory { get; init; }

    public bool WarmStart { get; init; }

    /// <summary>What a file does not say, as those of older versions do not, is read as null.</summary>
    public string Gradient { get => field ?? GradientChoice.Default; init; }

    public int Cosines { get; init; }

    public double? JacobianPenalty { get; init; }

    public int? CertificateEvery { get; init; }

    public bool Escalate { get; init; }

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
