namespace ImplicitNet.Reports.Drawing;

/// <summary>The shape of a point.</summary>
/// <param name="corners">Within a circle of radius 1; none for a circle.</param>
internal sealed class ChartMarker(params (double X, double Y)[] corners)
{
    private static readonly ChartMarker[] All =
    [
        new(),
        new((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)),
        new((0, -1), (0.95, 0.75), (-0.95, 0.75)),
        new((0, -1.1), (1.1, 0), (0, 1.1), (-1.1, 0)),
        new((0, 1), (0.95, -0.75), (-0.95, -0.75)),
    ];

    /// <summary>A circle.</summary>
    public static ChartMarker Circle => All[0];

    /// <summary>One of many series; they begin anew after five.</summary>
    public static ChartMarker Series(int index) => All[index % All.Length];

    /// <summary>Draws one.</summary>
    public void Draw(ChartCanvas canvas, double x, double y, double radius, ChartColour colour)
    {
        if (corners.Length == 0)
        {
            canvas.Disc(x, y, radius, colour);
        }
        else
        {
            canvas.Area([.. corners.Select(corner => (x + (radius * corner.X), y + (radius * corner.Y)))], colour);
        }
    }
}
