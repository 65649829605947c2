using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;

namespace ImplicitNet.Cli.Options;

/// <summary>The parts of a data set by name.</summary>
internal static class SplitChoice
{
    public const string Test = "test";

    public const string Train = "train";

    public const string Validation = "validation";

    public static IReadOnlyList<string> Names { get; } = [Train, Validation, Test];

    public static ImageDataset Of(DataSplits splits, string name) => name switch
    {
        Train => splits.Train,
        Validation => splits.Validation,
        _ => splits.Test,
    };

    /// <summary>Puts accuracy, loss and score where those of the part belong.</summary>
    public static RunResult Place(RunResult result, string name, TrainingTask task, EvaluationResult evaluation)
    {
        ScoreResult score = new() { Name = task.Score.Name };
        double value = ScoreResult.Of(task, evaluation);
        return name switch
        {
            Train => result with { Split = name, TrainAccuracy = evaluation.Accuracy, TrainLoss = evaluation.Loss, Score = score },
            Validation => result with
            {
                Split = name,
                ValidationAccuracy = evaluation.Accuracy,
                ValidationLoss = evaluation.Loss,
                Score = score with { Validation = value },
            },
            _ => result with
            {
                Split = name,
                TestAccuracy = evaluation.Accuracy,
                TestLoss = evaluation.Loss,
                Score = score with { Test = value },
            },
        };
    }
}
