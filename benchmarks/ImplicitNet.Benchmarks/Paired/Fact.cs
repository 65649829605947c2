using System.Globalization;

namespace ImplicitNet.Benchmarks.Paired;

/// <summary>What the two sides of a pair computed, beside how fast: without it a ratio says nothing.</summary>
/// <param name="Name">What was measured, with its unit.</param>
/// <param name="Baseline">Of the side that is compared with; null where it has none.</param>
/// <param name="Candidate">Of ours.</param>
/// <param name="Format">How to write the numbers.</param>
internal sealed record Fact(string Name, double? Baseline, double Candidate, string Format = "G3")
{
    /// <summary>Such as "mean steps: 5.6 against 4.9".</summary>
    public override string ToString() =>
        Baseline is { } other ? $"{Name}: {Text(Candidate)} against {Text(other)}" : $"{Name}: {Text(Candidate)}";

    private string Text(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}
