using ImplicitNet.Reports.Comparisons;

namespace ImplicitNet.Cli;

/// <summary>What compare prints under --json.</summary>
internal sealed record ComparisonResult
{
    public required string Data { get; init; }

    public required int Epochs { get; init; }

    public required int Threads { get; init; }

    public required string Output { get; init; }

    public required IReadOnlyList<GradientSummary> Gradients { get; init; }

    public required IReadOnlyList<FailedRun> Failures { get; init; }

    /// <summary>What was tested on several data, each trained for as many steps; empty for images.</summary>
    public IReadOnlyList<TwinSummary> EqualSteps { get; init; } = [];

    /// <summary>The same, each trained for as long as the first.</summary>
    public IReadOnlyList<TwinSummary> EqualTime { get; init; } = [];

    /// <summary>The page of all; null where no run is complete.</summary>
    public string? Page { get; init; }
}
