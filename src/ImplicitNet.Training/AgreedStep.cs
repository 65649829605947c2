namespace ImplicitNet.Training;

/// <summary>What all ranks know of a step before its backward pass.</summary>
internal readonly record struct AgreedStep
{
    /// <summary>Samples of the whole batch that count.</summary>
    public required int Counted { get; init; }

    /// <summary>The share of this rank in the mean over them.</summary>
    public required double Weight { get; init; }

    /// <summary>Their mean loss; NaN where none counts.</summary>
    public required double Loss { get; init; }

    /// <summary>Of the epoch so far; NaN where none counts, or nothing is right or wrong.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean solver steps of a sample.</summary>
    public required double SolverSteps { get; init; }

    /// <summary>Why the run ends after the step; null where it does not.</summary>
    public required StopReason? Reason { get; init; }
}
