namespace ImplicitNet.Reports.Drawing;

/// <summary>How a line is drawn.</summary>
/// <param name="Colour">Its colour.</param>
/// <param name="Width">In CSS pixels.</param>
/// <param name="Dash">How it is broken.</param>
internal readonly record struct ChartPen(ChartColour Colour, double Width, ChartDash Dash = default)
{
    /// <summary>A line through measurements.</summary>
    public static ChartPen Thick(ChartColour colour, ChartDash dash = default) => new(colour, 2.25, dash);

    /// <summary>A line that marks a value.</summary>
    public static ChartPen Mark(ChartColour colour, ChartDash dash = default) => new(colour, 1.5, dash);

    /// <summary>A line beside others.</summary>
    public static ChartPen Thin(ChartColour colour, ChartDash dash = default) => new(colour, 1, dash);
}
