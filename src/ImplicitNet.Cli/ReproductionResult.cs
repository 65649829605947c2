using ImplicitNet.Reports.Comparisons;

namespace ImplicitNet.Cli;

/// <summary>What reproduce prints under --json.</summary>
internal sealed record ReproductionResult
{
    public required string Data { get; init; }

    public required double Hours { get; init; }

    public required int Epochs { get; init; }

    public required IReadOnlyList<long> Seeds { get; init; }

    public required IReadOnlyList<string> LeftOut { get; init; }

    public required int Threads { get; init; }

    public required string Output { get; init; }

    public required IReadOnlyList<GradientSummary> Trainings { get; init; }

    /// <summary>Those of the trainings whose network and settings are our own and not the paper's.</summary>
    public required IReadOnlyList<string> OwnNetworks { get; init; }

    public required IReadOnlyList<ApplicationResult> Applications { get; init; }

    public required IReadOnlyList<FailedRun> Failures { get; init; }
}
