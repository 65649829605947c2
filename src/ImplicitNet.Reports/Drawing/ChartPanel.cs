namespace ImplicitNet.Reports.Drawing;

/// <summary>Marks on two axes whose ranges are known from the start. It is drawn at any width, as often as wanted.</summary>
/// <param name="xLabel">What is along; empty for none.</param>
/// <param name="x">The horizontal axis.</param>
/// <param name="yLabel">What is up, with its unit; empty for none.</param>
/// <param name="y">The vertical axis.</param>
internal sealed class ChartPanel(string xLabel, ChartAxis x, string yLabel, ChartAxis y)
{
    private const double MarkerRadius = 3;
    private const double LegendMarkerRadius = 4;
    private const double RingRadius = 6.5;
    private const double CrossRadius = 5;
    private const double LeastDistance = 0.4;

    private readonly List<Action<ChartCanvas, ChartArea>> _marks = [];
    private readonly List<LegendEntry> _legend = [];

    /// <summary>What is along.</summary>
    public string XLabel => xLabel;

    /// <summary>What is up.</summary>
    public string YLabel => yLabel;

    /// <summary>The horizontal axis.</summary>
    public ChartAxis X => x;

    /// <summary>The vertical axis.</summary>
    public ChartAxis Y => y;

    /// <summary>Whether there is a row of the y axis for each of some names, with the lines of the grid upright; not by default.</summary>
    public bool HasRows { get; init; }

    /// <summary>Whether a unit is as long along as up, as of a plane; not by default.</summary>
    public bool HasEqualUnits { get; init; }

    /// <summary>What the marks mean, in the order in which they were named.</summary>
    public IReadOnlyList<LegendEntry> Legend => _legend;

    /// <summary>
    /// Adds a line through the values that have a position; where one has none, the line is broken. Without a name it has no legend.
    /// </summary>
    public void Line(
        string? name, IReadOnlyList<(double X, double Y)> points, ChartPen pen, ChartMarker? marker = null, double radius = MarkerRadius)
    {
        _marks.Add((canvas, area) =>
        {
            foreach (List<(double X, double Y)> run in Runs(points, area))
            {
                if (run.Count > 1 && pen.Width > 0)
                {
                    canvas.Line(Thinned(run), pen);
                }

                // A single point between gaps would be no line at all.
                if ((marker ?? (run.Count == 1 ? ChartMarker.Circle : null)) is { } shape)
                {
                    run.ForEach(point => shape.Draw(canvas, point.X, point.Y, radius, pen.Colour));
                }
            }
        });
        if (name is not null)
        {
            Explain(name, pen, marker);
        }
    }

    /// <summary>Adds markers alone, without a legend.</summary>
    public void Points(IReadOnlyList<(double X, double Y)> points, ChartMarker marker, double radius, ChartColour colour) =>
        Line(null, points, new ChartPen(colour, 0), marker, radius);

    /// <summary>Adds a shaded band between two values.</summary>
    public void Band(string name, IReadOnlyList<(double X, double Low, double High)> points, ChartColour colour)
    {
        (double X, double Low, double High)[] known =
            [.. points.Where(point => !double.IsNaN(y.Position(point.Low)) && !double.IsNaN(y.Position(point.High)))];
        if (known.Length > 1)
        {
            _marks.Add((canvas, area) => canvas.Area(
                [
                    .. known.Select(point => area.At((point.X, point.High))),
                    .. known.Reverse().Select(point => area.At((point.X, point.Low))),
                ],
                colour));
        }

        Key(name, colour);
    }

    /// <summary>Adds lines of one deviation to both sides of each point.</summary>
    public void Whiskers(IEnumerable<MeasuredPoint> points, ChartColour colour)
    {
        ChartPen pen = new(colour with { Opacity = 0.75 }, 1.25);
        foreach (MeasuredPoint point in points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)))
        {
            if (point.YDeviation > 0)
            {
                Segment((point.X, point.Y - point.YDeviation), (point.X, point.Y + point.YDeviation), pen);
            }

            if (point.XDeviation > 0)
            {
                Segment((point.X - point.XDeviation, point.Y), (point.X + point.XDeviation, point.Y), pen);
            }
        }
    }

    /// <summary>Adds a straight line between two points that have positions, without a legend.</summary>
    public void Segment((double X, double Y) from, (double X, double Y) to, ChartPen pen) =>
        _marks.Add((canvas, area) => canvas.Line([area.At(from), area.At(to)], pen));

    /// <summary>Adds a filled rectangle between two corners that have positions, without a legend.</summary>
    public void Bar((double X, double Y) from, (double X, double Y) to, ChartColour colour) => _marks.Add((canvas, area) =>
        canvas.Rectangle(area.Across(from.X), area.Up(to.Y), area.Across(to.X), area.Up(from.Y), colour));

    /// <summary>Adds a filled area to the legend alone.</summary>
    public void Key(string name, ChartColour colour) => _legend.Add(new LegendEntry(
        name, (canvas, left, middle) => canvas.Rectangle(left + 4, middle - 5, left + LegendEntry.SignWidth - 4, middle + 5, colour)));

    /// <summary>Marks places on the x axis from bottom to top.</summary>
    public void MarkX(string name, IReadOnlyList<double> places, ChartPen pen)
    {
        foreach (double place in places)
        {
            _marks.Add((canvas, area) =>
                canvas.Line([(area.Across(place), area.Top), (area.Across(place), area.Bottom)], pen));
        }

        if (places.Count > 0)
        {
            Explain(name, pen);
        }
    }

    /// <summary>Marks one value on the y axis from left to right.</summary>
    public void MarkY(string name, double value, ChartPen pen)
    {
        _marks.Add((canvas, area) => canvas.Line([(area.Left, area.Up(value)), (area.Right, area.Up(value))], pen));
        Explain(name, pen);
    }

    /// <summary>Marks one point with a ring.</summary>
    public void Ring(string name, double x, double y, ChartColour colour)
    {
        ChartPen pen = new(colour, 2);
        _marks.Add((canvas, area) => canvas.Ring(area.Across(x), area.Up(y), RingRadius, pen));
        _legend.Add(new LegendEntry(
            name, (canvas, left, middle) => canvas.Ring(left + (LegendEntry.SignWidth / 2), middle, LegendMarkerRadius + 1, pen)));
    }

    /// <summary>Marks points with a cross.</summary>
    public void Crosses(string name, IReadOnlyList<(double X, double Y)> points, ChartColour colour)
    {
        _marks.Add((canvas, area) =>
        {
            foreach ((double across, double up) in points.Select(area.At))
            {
                Cross(canvas, across, up, colour);
            }
        });
        if (points.Count > 0)
        {
            _legend.Add(new LegendEntry(
                name, (canvas, left, middle) => Cross(canvas, left + (LegendEntry.SignWidth / 2), middle, colour)));
        }
    }

    /// <summary>Adds a line to the legend alone.</summary>
    public void Explain(string name, ChartPen pen, ChartMarker? marker = null, double radius = LegendMarkerRadius) =>
        _legend.Add(new LegendEntry(name, (canvas, left, middle) =>
        {
            if (pen.Width > 0)
            {
                canvas.Line([(left, middle), (left + LegendEntry.SignWidth, middle)], pen);
            }

            marker?.Draw(canvas, left + (LegendEntry.SignWidth / 2), middle, radius, pen.Colour);
        }));

    /// <summary>Draws the marks, in the order in which they were added.</summary>
    public void Draw(ChartCanvas canvas, ChartArea area) => _marks.ForEach(mark => mark(canvas, area));

    private static void Cross(ChartCanvas canvas, double x, double y, ChartColour colour)
    {
        ChartPen pen = new(colour, 2.5);
        canvas.Line([(x - CrossRadius, y - CrossRadius), (x + CrossRadius, y + CrossRadius)], pen);
        canvas.Line([(x - CrossRadius, y + CrossRadius), (x + CrossRadius, y - CrossRadius)], pen);
    }

    /// <summary>Without points that no eye could tell from the one before; the last one stays.</summary>
    private static List<(double X, double Y)> Thinned(List<(double X, double Y)> run)
    {
        List<(double X, double Y)> kept = [run[0]];
        foreach ((double X, double Y) point in run[1..^1])
        {
            if (Math.Max(Math.Abs(point.X - kept[^1].X), Math.Abs(point.Y - kept[^1].Y)) >= LeastDistance)
            {
                kept.Add(point);
            }
        }

        kept.Add(run[^1]);
        return kept;
    }

    private static List<List<(double X, double Y)>> Runs(IReadOnlyList<(double X, double Y)> points, ChartArea area)
    {
        List<List<(double X, double Y)>> runs = [];
        List<(double X, double Y)>? run = null;
        foreach ((double X, double Y) point in points.Select(area.At))
        {
            if (double.IsNaN(point.X) || double.IsNaN(point.Y))
            {
                run = null;
                continue;
            }

            if (run is null)
            {
                runs.Add(run = []);
            }

            run.Add(point);
        }

        return runs;
    }
}
