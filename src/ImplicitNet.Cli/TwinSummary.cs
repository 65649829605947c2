namespace ImplicitNet.Cli;

/// <summary>
/// What one gradient or twin of a comparison came to on every data tested, as means over the seeds: an entry of what compare prints under
/// --json. Its names are an interface: they stay.
/// </summary>
internal sealed record TwinSummary
{
    public string Name { get; init; } = "";

    /// <summary>Runs that it is the mean of.</summary>
    public int Seeds { get; init; }

    public long Parameters { get; init; }

    /// <summary>Optimiser steps of a run.</summary>
    public double Steps { get; init; }

    /// <summary>Of the training without its validation.</summary>
    public double Seconds { get; init; }

    /// <summary>Share of whole answers that are right, by the data; null where no run has one.</summary>
    public IReadOnlyDictionary<string, double?> Accuracies { get; init; } = new Dictionary<string, double?>();

    /// <summary>Mean of several runs.</summary>
    /// <param name="name">What was compared.</param>
    /// <param name="runs">At least one: what it came to, its optimiser steps and its seconds.</param>
    public static TwinSummary Of(
        string name, IReadOnlyList<(long Parameters, IReadOnlyList<TestResult> Tests, long Steps, double Seconds)> runs) => new()
        {
            Name = name,
            Seeds = runs.Count,
            Parameters = runs[0].Parameters,
            Steps = runs.Average(run => run.Steps),
            Seconds = runs.Average(run => run.Seconds),
            Accuracies = runs.SelectMany(run => run.Tests)
            .GroupBy(test => test.Data)
            .ToDictionary(tests => tests.Key, tests => tests.Average(test => FiniteNumber.OrNull(test.Accuracy))),
        };
}
