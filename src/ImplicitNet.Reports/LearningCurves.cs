using ImplicitNet.Training.History;

namespace ImplicitNet.Reports;

/// <summary>The epochs of a run as data for charts.</summary>
internal sealed record LearningCurves
{
    /// <summary>The epochs in order.</summary>
    public required IReadOnlyList<EpochRecord> Epochs
    {
        get;
        init => field = value?.Count > 0 ? value : throw new ArgumentException("A curve needs at least one epoch.", nameof(Epochs));
    }

    /// <summary>The epochs after which the run was stopped and later resumed; none by default.</summary>
    public IReadOnlyList<int> ResumedAfter { get; init; } = [];

    /// <summary>The epoch whose weights were kept; null, the default, marks none.</summary>
    public int? ChosenEpoch { get; init; }
}
