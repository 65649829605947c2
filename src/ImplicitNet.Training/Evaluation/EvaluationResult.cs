using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training.Evaluation;

/// <summary>How well a model did on a data set.</summary>
public sealed record EvaluationResult
{
    /// <summary>Samples seen.</summary>
    public required int Count { get; init; }

    /// <summary>
    /// Mean loss of a sample, in the units of the task; a sample whose solve failed counts by the iterate that it ended at.
    /// </summary>
    public required double Loss { get; init; }

    /// <summary>What the task measures beside the loss, as means over the samples, by name.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }

    /// <summary>
    /// Share of the answers that are right as a whole, 0 to 1; null where the task has no right answers. One of <see cref="Scores"/>.
    /// </summary>
    public double? Accuracy => Scores.TryGetValue(Measurement.Accuracy, out double accuracy) ? accuracy : null;

    /// <summary>What the solves came to.</summary>
    public required SolverTotals Solver { get; init; }

    /// <summary>Wall-clock time in seconds.</summary>
    public required double Seconds { get; init; }
}
