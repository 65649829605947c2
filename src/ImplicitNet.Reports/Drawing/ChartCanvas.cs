namespace ImplicitNet.Reports.Drawing;

/// <summary>What a chart is drawn on, in CSS pixels from the upper left corner.</summary>
internal abstract class ChartCanvas
{
    /// <summary>A line through points, with round joins.</summary>
    public abstract void Line(IReadOnlyList<(double X, double Y)> points, ChartPen pen);

    /// <summary>A filled area with these corners.</summary>
    public abstract void Area(IReadOnlyList<(double X, double Y)> corners, ChartColour colour);

    /// <summary>A filled circle.</summary>
    public abstract void Disc(double x, double y, double radius, ChartColour colour);

    /// <summary>A circle.</summary>
    public abstract void Ring(double x, double y, double radius, ChartPen pen);

    /// <summary>One line of text.</summary>
    /// <param name="text">Plain.</param>
    /// <param name="x">Where it is held.</param>
    /// <param name="y">Its base line.</param>
    /// <param name="font">Size and weight.</param>
    /// <param name="colour">Its colour.</param>
    /// <param name="hold">The share of its width that lies to the left of x: 0 begins there, 1 ends there.</param>
    public abstract void Text(string text, double x, double y, ChartFont font, ChartColour colour, double hold = 0);

    /// <summary>A filled rectangle between two corners.</summary>
    public void Rectangle(double left, double top, double right, double bottom, ChartColour colour) =>
        Area([(left, top), (right, top), (right, bottom), (left, bottom)], colour);
}
