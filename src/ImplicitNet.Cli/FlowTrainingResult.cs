using ImplicitNet.Flows;

namespace ImplicitNet.Cli;

/// <summary>
/// What train and evaluate print under --json of a network with a flow, and train keeps in result.json. Its names are an interface: they
/// stay. What was not evaluated, and what is not finite, is null.
/// </summary>
internal sealed record FlowTrainingResult
{
    public string Data { get; init; } = "";

    public string Network { get; init; } = "";

    public string Split { get; init; } = "test";

    public int Samples { get; init; }

    /// <summary>Samples whose flow came to its end: loss, accuracy and scores are means over these.</summary>
    public int? Counted { get; init; }

    public double? Loss { get; init => field = FiniteNumber.OrNull(value); }

    public double? Accuracy { get; init => field = FiniteNumber.OrNull(value); }

    public double? ValidationLoss { get; init => field = FiniteNumber.OrNull(value); }

    public double? ValidationAccuracy { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>
    /// What the task measures beside accuracy and loss. Of a table, errors are in standard deviations of their columns, and so is the root
    /// of the loss.
    /// </summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    public long Parameters { get; init; }

    /// <summary>Evaluations of the vector field, for a sample on average.</summary>
    public double? MeanEvaluations { get; init => field = FiniteNumber.OrNull(value); }

    /// <summary>Samples by how their flow ended.</summary>
    public IReadOnlyDictionary<string, long> Statuses { get; init; } = new Dictionary<string, long>();

    /// <summary>Evaluations in all solves of the training; null for an evaluation.</summary>
    public long? TrainingEvaluations { get; init; }

    public int? Epochs { get; init; }

    public int? BestEpoch { get; init; }

    public double? Seconds { get; init => field = FiniteNumber.OrNull(value); }

    public long? Seed { get; init; }

    public int Threads { get; init; }

    public string Device { get; init; } = "";

    public string Model { get; init; } = "";

    /// <summary>Names of the pictures in the run's folder.</summary>
    public IReadOnlyList<string> Pictures { get; init; } = [];

    /// <summary>Samples whose flow did not come to its end.</summary>
    public long Failures() => Statuses.Where(status => status.Key is not (nameof(FlowStatus.Completed) or nameof(FlowStatus.EventReached)))
        .Sum(status => status.Value);
}
