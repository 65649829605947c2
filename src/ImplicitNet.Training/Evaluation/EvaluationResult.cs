using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Training.Evaluation;

/// <summary>How well a model did on a data set.</summary>
public sealed record EvaluationResult
{
    /// <summary>The number of samples.</summary>
    public required int Count { get; init; }

    /// <summary>
    /// The mean loss per sample, in the units of the task; a sample whose solve failed counts with the iterate at which it ended, one whose
    /// flow failed not at all. NaN where no sample counts.
    /// </summary>
    public required double Loss { get; init; }

    /// <summary>Samples that have no answer, since their flow failed: loss and scores are means over the others. Default 0.</summary>
    public int LeftOut { get; init; }

    /// <summary>What the task measures besides the loss, as means over the samples that count, by name.</summary>
    public required IReadOnlyDictionary<string, double> Scores { get; init; }

    /// <summary>
    /// The share of answers that are entirely right, 0 to 1; null if the task has no right answers. One of <see cref="Scores"/>.
    /// </summary>
    public double? Accuracy => Scores.TryGetValue(Measurement.Accuracy, out double accuracy) ? accuracy : null;

    /// <summary>How the solves ended, in total.</summary>
    public required SolverTotals Solver { get; init; }

    /// <summary>Wall-clock time in seconds.</summary>
    public required double Seconds { get; init; }
}
