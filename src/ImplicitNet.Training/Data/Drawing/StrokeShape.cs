using System.Globalization;

namespace ImplicitNet.Training.Data.Drawing;

/// <summary>
/// The strokes of one way to write a digit. A stroke is made of arcs that meet in corners; an arc is the points it passes through.
/// </summary>
internal sealed class StrokeShape
{
    private const double BoxSize = 100.0;

    private StrokeShape(Point[][][] strokes) => Strokes = strokes;

    /// <summary>Points in a box of 1 x 1, [stroke][arc][point]; an arc begins where the one before it ends.</summary>
    public Point[][][] Strokes { get; }

    /// <summary>Reads the notation that <see cref="DigitShapes"/> describes.</summary>
    public static StrokeShape Parse(string notation) => new([.. notation.Split(';').Select(ParseStroke)]);

    private static Point[][] ParseStroke(string notation)
    {
        List<Point[]> arcs = [];
        foreach (string arc in notation.Split('/'))
        {
            IEnumerable<Point> corner = arcs.Count == 0 ? [] : [arcs[^1][^1]];
            arcs.Add([.. corner, .. arc.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ParsePoint)]);
        }

        return [.. arcs];
    }

    private static Point ParsePoint(string notation)
    {
        string[] parts = notation.Split(',');
        return new Point(
            double.Parse(parts[0], CultureInfo.InvariantCulture) / BoxSize, double.Parse(parts[1], CultureInfo.InvariantCulture) / BoxSize);
    }
}
