namespace ImplicitNet.Reports.Drawing;

/// <summary>Axes whose values are the numbers of categories, from 0, with their names as ticks.</summary>
internal static class CategoryAxis
{
    /// <summary>The first category is at the upper end of a vertical axis.</summary>
    public static ChartAxis Of(IReadOnlyList<string> names) =>
        new(-names.Count + 0.4, 0.6, [.. names.Select((name, i) => new AxisTick(-i, name))], static value => -value);
}
