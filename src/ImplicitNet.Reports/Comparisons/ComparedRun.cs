using ImplicitNet.Training.History;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>One training run of a comparison, complete.</summary>
internal sealed record ComparedRun
{
    /// <summary>The gradient it was trained with, as the command line names it.</summary>
    public required string Gradient { get; init; }

    /// <summary>The seed of weights, order and shifts.</summary>
    public required long Seed { get; init; }

    /// <summary>Its epochs in order; at least one.</summary>
    public required IReadOnlyList<EpochRecord> Epochs
    {
        get;
        init => field = value?.Count > 0 ? value : throw new ArgumentException("A run has at least one epoch.", nameof(Epochs));
    }

    /// <summary>Share of test images classified rightly by the weights chosen on validation, 0 to 1; read once.</summary>
    public double? TestAccuracy { get; init; }

    /// <summary>Loss on the test data by the same weights, in the units of the task.</summary>
    public double? TestLoss { get; init; }

    /// <summary>Loss on the validation data by the same weights, in the units of the task; of a text on all that was held out.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Mean cosine of its certificates, -1 to 1; null where none was made.</summary>
    public double? Certificate { get; init; }

    /// <summary>Trainable numbers of its network.</summary>
    public long? Parameters { get; init; }

    /// <summary>Best share of validation images classified rightly, 0 to 1.</summary>
    public double? ValidationAccuracy => Epochs.Max(epoch => epoch.ValidationAccuracy);

    /// <summary>Largest working set of the run's process by the end of training, in bytes.</summary>
    public long? PeakMemoryBytes => Epochs[^1].PeakMemoryBytes;

    /// <summary>The mean of a quantity over the epochs; null where one does not know it.</summary>
    internal double? PerEpoch(Func<EpochRecord, double?> value) => MeanAndDeviation.Of(Epochs.Select(value))?.Mean;
}
