using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports.Flows;

/// <summary>A picture of flows in a plane: their lines from start (small) to end (large), and perhaps a decision.</summary>
public sealed record PhasePortrait
{
    private const double StartRadius = 1.5;
    private const double EndRadius = 3.5;
    private const double SideOpacity = 0.14;

    // A small square has to be seen.
    private const double KeyOpacity = 0.3;

    /// <summary>The title, which is also drawn.</summary>
    public required string Title { get; init; }

    /// <summary>The lines; at least one point among them. A line without points is not drawn.</summary>
    public required IReadOnlyList<FlowLine> Lines { get; init; }

    /// <summary>What the lines of kind 0 and 1 are called; default: one kind without a name.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>What is along; default "u1".</summary>
    public string XLabel { get; init; } = "u1";

    /// <summary>What is up; default "u2".</summary>
    public string YLabel { get; init; } = "u2";

    /// <summary>
    /// A decision at places of the plane, in squares around them: the place, half the side of its square, and whether the answer is kind 1.
    /// None by default.
    /// </summary>
    public IReadOnlyList<(double X, double Y, double Half, bool IsSecond)> Decision { get; init; } = [];

    /// <summary>Draws into a file, whole or not at all: SVG where the name ends in .svg, PNG where it ends in .png.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="ArgumentException">The name ends in neither, or there is no point.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public void Save(string path) => Draw().Save(path);

    internal Chart Draw()
    {
        (double X, double Y)[] all =
            [.. Lines.SelectMany(line => line.Points).Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))];
        if (all.Length == 0)
        {
            throw new ArgumentException("A picture of flows needs a line with a finite point.");
        }

        IEnumerable<double> across =
            [.. all.Select(point => point.X), .. Decision.SelectMany(at => new[] { at.X - at.Half, at.X + at.Half })];
        IEnumerable<double> up = [.. all.Select(point => point.Y), .. Decision.SelectMany(at => new[] { at.Y - at.Half, at.Y + at.Half })];
        ChartPanel panel = new(XLabel, LinearAxis.ForValues(across), YLabel, LinearAxis.ForValues(up)) { HasEqualUnits = true };
        foreach ((double x, double y, double half, bool isSecond) in Decision)
        {
            panel.Bar((x - half, y - half), (x + half, y + half), ColourOf(isSecond ? 1 : 0) with { Opacity = SideOpacity });
        }

        foreach (FlowLine line in Lines.Where(line => line.Points.Count > 0))
        {
            ChartColour colour = ColourOf(line.Kind);
            panel.Line(null, line.Points, new ChartPen(colour with { Opacity = 0.55 }, 1));
            panel.Points([line.Points[0]], ChartMarker.Circle, StartRadius, colour);
            panel.Points([line.Points[^1]], ChartMarker.Circle, EndRadius, colour);
        }

        for (int kind = 0; kind < Kinds.Count; kind++)
        {
            panel.Explain(Kinds[kind], ChartPen.Thick(ColourOf(kind)));
            if (Decision.Count > 0)
            {
                panel.Key($"answered from there: {Kinds[kind]}", ColourOf(kind) with { Opacity = KeyOpacity });
            }
        }

        panel.Explain("start", new ChartPen(ChartColour.Faint, 0), ChartMarker.Circle, StartRadius);
        panel.Explain("end of its flow", new ChartPen(ChartColour.Faint, 0), ChartMarker.Circle, EndRadius);

        return new Chart(
            Title,
            FormattableString.Invariant($"{Lines.Count(line => line.Points.Count > 0)} lines of a flow, from small dots to large ones, ")
                + FormattableString.Invariant($"between {all.Min(point => point.X):g3} and {all.Max(point => point.X):g3} along ")
                + FormattableString.Invariant($"and {all.Min(point => point.Y):g3} and {all.Max(point => point.Y):g3} up."),
            panel);
    }

    private static ChartColour ColourOf(int kind) => kind == 0 ? ChartColour.First : ChartColour.Second;
}
