namespace ImplicitNet.Reports.Drawing;

/// <summary>One axis of a chart: its range, its ticks, and where a value lies on it.</summary>
/// <param name="Minimum">The lower end, as a position.</param>
/// <param name="Maximum">The upper end, as a position.</param>
/// <param name="Ticks">The ticks, at positions.</param>
/// <param name="Position">From a value to its position; NaN for a value that has none.</param>
internal sealed record ChartAxis(double Minimum, double Maximum, IReadOnlyList<AxisTick> Ticks, Func<double, double> Position);
