namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>One size that is varied while the others stay: its measurements, ascending.</summary>
/// <param name="Name">Of the size, for tables.</param>
/// <param name="Label">With its unit, for the chart.</param>
/// <param name="Value">The size of a point.</param>
/// <param name="Measurements">At least one.</param>
internal sealed record ScalingAxis(string Name, string Label, Func<ScalingPoint, int> Value, IReadOnlyList<ScalingMeasurement> Measurements)
{
    /// <summary>By how much the largest peak is above the least, as a share of that.</summary>
    public double MemoryGrowth => ((double)Measurements.Max(one => one.PeakBytes) / Measurements.Min(one => one.PeakBytes)) - 1;
}
