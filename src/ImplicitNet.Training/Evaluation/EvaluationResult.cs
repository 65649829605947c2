namespace ImplicitNet.Training.Evaluation;

/// <summary>How well a classifier did on a data set.</summary>
public sealed record EvaluationResult
{
    /// <summary>Samples seen.</summary>
    public required int Count { get; init; }

    /// <summary>Share of the samples classified rightly, 0 to 1; a sample whose solve failed counts by its best iterate.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean cross-entropy per sample, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>What the solves came to.</summary>
    public required SolverTotals Solver { get; init; }

    /// <summary>Wall-clock time in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Samples by class (row) and prediction (column): [classes][classes].</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Confusion { get; init; }
}
