namespace ImplicitNet.Reports.Drawing;

/// <summary>How one of many series is drawn: told apart by colour, dashes and markers, each alone.</summary>
/// <param name="Colour">Its colour.</param>
/// <param name="Dash">How its line is broken.</param>
/// <param name="Marker">The shape of its points.</param>
internal readonly record struct SeriesStyle(ChartColour Colour, ChartDash Dash, ChartMarker Marker)
{
    /// <summary>A line through its points.</summary>
    public ChartPen Line => ChartPen.Thick(Colour, Dash);

    /// <summary>Of the series with this number, from 0.</summary>
    public static SeriesStyle Of(int index) => new(ChartColour.Series(index), ChartDash.Series(index), ChartMarker.Series(index));
}
