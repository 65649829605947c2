namespace ImplicitNet.Reports.Drawing;

/// <summary>What a legend says of one kind of mark.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Draw">Draws its sign, <see cref="SignWidth"/> wide, from a left end and around a height.</param>
internal sealed record LegendEntry(string Name, Action<ChartCanvas, double, double> Draw)
{
    /// <summary>The width of signs.</summary>
    public const double SignWidth = 30;
}
