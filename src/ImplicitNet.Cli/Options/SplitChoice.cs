using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli.Options;

/// <summary>The parts of a data set by name.</summary>
internal static class SplitChoice
{
    public const string Test = "test";

    private const string Train = "train";
    private const string Validation = "validation";

    public static IReadOnlyList<string> Names { get; } = [Train, Validation, Test];

    public static ImageDataset Of(DataSplits splits, string name) => name switch
    {
        Train => splits.Train,
        Validation => splits.Validation,
        _ => splits.Test,
    };

    /// <summary>Puts accuracy and loss where those of the part belong.</summary>
    public static ClassifierResult Place(ClassifierResult result, string name, EvaluationResult evaluation) => name switch
    {
        Train => result with { Split = name, TrainAccuracy = evaluation.Accuracy, TrainLoss = evaluation.Loss },
        Validation => result with { Split = name, ValidationAccuracy = evaluation.Accuracy, ValidationLoss = evaluation.Loss },
        _ => result with { Split = name, TestAccuracy = evaluation.Accuracy, TestLoss = evaluation.Loss },
    };
}
