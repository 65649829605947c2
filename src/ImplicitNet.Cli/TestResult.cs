using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli;

/// <summary>
/// What a model came to on some data: one entry of tests in the result of train and evaluate. Its names are an interface: they stay. What
/// is not finite is null.
/// </summary>
internal sealed record TestResult
{
    public string Data { get; init; } = "";

    public int Samples { get; init; }

    public double? Accuracy { get; init => field = FiniteNumber.OrNull(value); }

    public double? Loss { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>What else the task measures, such as the share of right cells.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    public int MaxSteps { get; init; }

    public double? MeanSteps { get; init => field = FiniteNumber.OrNull(value); }

    public IReadOnlyDictionary<string, long> Statuses { get; init; } = new Dictionary<string, long>();

    public long Evaluations { get; init; }

    public double? Seconds { get; init => field = FiniteNumber.OrNull(value); }

    public static TestResult Of(string data, EvaluationResult evaluation, int maxSteps) => new()
    {
        Data = data,
        Samples = evaluation.Count,
        Accuracy = evaluation.Accuracy,
        Loss = evaluation.Loss,
        Scores = ScoresOf(evaluation),
        MaxSteps = maxSteps,
        MeanSteps = evaluation.Solver.MeanSteps,
        Statuses = evaluation.Solver.Statuses.ToDictionary(status => status.Key.ToString(), status => status.Value),
        Evaluations = evaluation.Solver.Evaluations,
        Seconds = evaluation.Seconds,
    };

    /// <summary>What a task measures beside accuracy and loss; what is not finite is left out.</summary>
    public static Dictionary<string, double> ScoresOf(EvaluationResult evaluation) => evaluation.Scores
        .Where(score => score.Key != Training.Tasks.Measurement.Accuracy && double.IsFinite(score.Value))
        .ToDictionary(score => score.Key, score => score.Value);
}
