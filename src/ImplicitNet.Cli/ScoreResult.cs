using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli;

/// <summary>The number that chose the best epoch, of the weights chosen. What was not evaluated, and what is not finite, is null.</summary>
internal sealed record ScoreResult
{
    /// <summary>"loss", or what the task measures.</summary>
    public required string Name { get; init; }

    public double? Test { get; init => field = FiniteNumber.OrNull(value); }

    public double? Validation { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Its value in an evaluation.</summary>
    public static double Of(TrainingTask task, EvaluationResult evaluation) => task.Score.Of(evaluation.Loss, evaluation.Scores);
}
