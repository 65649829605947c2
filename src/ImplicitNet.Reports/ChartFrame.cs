using ScottPlot;
using ScottPlot.Panels;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace ImplicitNet.Reports;

/// <summary>A plot in the house's look, on axes whose ranges are known from the start; legends lie above the data, never on them.</summary>
internal sealed class ChartFrame
{
    /// <summary>Width of lines that mark a value.</summary>
    internal const float MarkWidth = 1.5f;

    private const float LineWidth = 2.25f;
    private const float WhiskerWidth = 1.25f;
    private const float MarkerSize = 6;
    private readonly ChartAxis _x;
    private readonly ChartAxis _y;

    /// <summary>An empty plot.</summary>
    public ChartFrame(ChartTheme theme, string title, string xLabel, ChartAxis x, string yLabel, ChartAxis y)
    {
        (Theme, _x, _y) = (theme, x, y);
        Plot = new Plot();
        Plot.Font.Set(ChartFont.Family);
        Plot.FigureBackground.Color = theme.Background;
        Plot.DataBackground.Color = theme.Background;
        Plot.Axes.Color(theme.Faint);
        Plot.Axes.Title.Label.Text = title;
        Plot.Axes.Title.Label.FontSize = 16;
        Plot.Axes.Title.Label.ForeColor = theme.Text;
        Style(Plot.Axes.Bottom, xLabel, x);
        Style(Plot.Axes.Left, yLabel, y);
        Plot.Axes.Right.FrameLineStyle.IsVisible = false;
        Plot.Axes.Top.FrameLineStyle.IsVisible = false;
        Plot.Axes.Right.MinimumSize = 24;
        Plot.Axes.Left.MinimumSize = 70;
        Plot.Axes.Bottom.MinimumSize = 52;
        Plot.Axes.Title.MinimumSize = 34;
        Plot.Axes.SetLimits(x.Minimum, x.Maximum, y.Minimum, y.Maximum);
        Plot.Grid.MajorLineColor = theme.Grid;
        Plot.Grid.MajorLineWidth = 1;
        Plot.Grid.XAxisStyle.IsVisible = false;
    }

    /// <summary>The colours in use.</summary>
    public ChartTheme Theme { get; }

    /// <summary>The plot, for what this class does not offer.</summary>
    public Plot Plot { get; }

    private List<LegendItem> Legend { get; } = [];

    /// <summary>
    /// Adds a line through the values that have a position; where one has none, the line is broken. Without a name it has no legend.
    /// </summary>
    public void Line(string? name, IReadOnlyList<(double X, double Y)> points, Color color, bool hasMarkers, LinePattern pattern = default)
    {
        foreach (List<Coordinates> run in Runs(points))
        {
            Scatter line = Plot.Add.Scatter(run, color);
            line.LineWidth = LineWidth;
            line.LinePattern = pattern;

            // A single point between gaps would be no line at all.
            line.MarkerSize = hasMarkers || run.Count == 1 ? MarkerSize : 0;
        }

        if (name is not null)
        {
            Legend.Add(Item(name, color, LineWidth, pattern));
        }
    }

    /// <summary>Adds a shaded band between two values.</summary>
    public void Band(string name, IReadOnlyList<(double X, double Low, double High)> points, Color color)
    {
        (double, double, double)[] band = [.. points
            .Select(point => (_x.Position(point.X), _y.Position(point.Low), _y.Position(point.High)))
            .Where(point => !double.IsNaN(point.Item2) && !double.IsNaN(point.Item3))];
        if (band.Length > 1)
        {
            FillY fill = Plot.Add.FillY(band);
            fill.FillColor = color;
            fill.LineWidth = 0;
            fill.MarkerSize = 0;
        }

        Key(name, color);
    }

    /// <summary>Adds lines of one deviation to both sides of each point.</summary>
    public void Whiskers(IEnumerable<MeasuredPoint> points, Color color)
    {
        foreach (MeasuredPoint point in points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)))
        {
            if (point.YDeviation > 0)
            {
                Whisker(point with { Y = point.Y - point.YDeviation }, point with { Y = point.Y + point.YDeviation }, color);
            }

            if (point.XDeviation > 0)
            {
                Whisker(point with { X = point.X - point.XDeviation }, point with { X = point.X + point.XDeviation }, color);
            }
        }
    }

    /// <summary>Adds a bar along the x axis.</summary>
    public void HorizontalBar(double y, double begin, double end, double thickness, Color color) => Plot.Add.Bar(new Bar
    {
        Position = _y.Position(y),
        ValueBase = _x.Position(begin),
        Value = _x.Position(end),
        Size = thickness,
        FillColor = color,
        LineWidth = 0,
        Orientation = Orientation.Horizontal,
    });

    /// <summary>Adds a filled area to the legend alone.</summary>
    public void Key(string name, Color color) =>
        Legend.Add(new LegendItem { LabelText = name, FillColor = color, LineWidth = 0, MarkerShape = MarkerShape.None });

    /// <summary>Marks one place on the x axis from bottom to top.</summary>
    public void MarkX(string name, IEnumerable<double> places, Color color, LinePattern pattern)
    {
        bool isAny = false;
        foreach (double place in places)
        {
            Plot.Add.VerticalLine(_x.Position(place), MarkWidth, color, pattern);
            isAny = true;
        }

        if (isAny)
        {
            Legend.Add(Item(name, color, MarkWidth, pattern));
        }
    }

    /// <summary>Marks one value on the y axis from left to right. Without a name it has no legend.</summary>
    public void MarkY(string? name, double value, Color color, LinePattern pattern)
    {
        Plot.Add.HorizontalLine(_y.Position(value), MarkWidth, color, pattern);
        if (name is not null)
        {
            Legend.Add(Item(name, color, MarkWidth, pattern));
        }
    }

    /// <summary>Marks one point with a ring.</summary>
    public void Ring(string name, double x, double y, Color color)
    {
        Plot.Add.Marker(_x.Position(x), _y.Position(y), MarkerShape.OpenCircle, 13, color).MarkerLineWidth = 2;
        Legend.Add(new LegendItem
        {
            LabelText = name,
            LineWidth = 0,
            MarkerShape = MarkerShape.OpenCircle,
            MarkerSize = 10,
            MarkerLineColor = color,
            MarkerLineWidth = 2,
        });
    }

    /// <summary>The plot with its legend.</summary>
    public Plot Finish()
    {
        if (Legend.Count > 0)
        {
            ShowLegend(Plot, Theme, Legend);
        }

        return Plot;
    }

    /// <summary>A title and a legend alone, for several plots below them.</summary>
    public static Plot Head(ChartTheme theme, string title, List<LegendItem> legend)
    {
        ChartFrame frame = new(theme, title, "", LinearAxis.ForHeights(1), "", LinearAxis.ForHeights(1));
        frame.Plot.HideAxesAndGrid();
        frame.Plot.Axes.Title.IsVisible = true;
        frame.Plot.Axes.Left.MinimumSize = 0;
        frame.Plot.Axes.Right.MinimumSize = 0;
        ShowLegend(frame.Plot, theme, legend);
        return frame.Plot;
    }

    private static void ShowLegend(Plot plot, ChartTheme theme, List<LegendItem> items)
    {
        plot.Legend.ManualItems = items;
        plot.Legend.DisplayPlottableLegendItems = false;
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.FontSize = 13;
        plot.Legend.FontName = ChartFont.Family;
        plot.Legend.FontColor = theme.Text;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.BackgroundColor = Colors.Transparent;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.TightHorizontalWrapping = true;
        plot.Legend.SymbolWidth = 28;
        plot.Legend.Padding = new PixelPadding(0);
        plot.Legend.Margin = new PixelPadding(0);
        LegendPanel panel = plot.ShowLegend(Edge.Top);
        panel.Alignment = Alignment.LowerCenter;
        panel.Padding = new PixelPadding(4);
    }

    private void Whisker(MeasuredPoint from, MeasuredPoint to, Color color)
    {
        LinePlot line = Plot.Add.Line(_x.Position(from.X), _y.Position(from.Y), _x.Position(to.X), _y.Position(to.Y));
        line.Color = color.WithAlpha(0.75);
        line.LineWidth = WhiskerWidth;
    }

    private static LegendItem Item(string name, Color color, float width, LinePattern pattern) =>
        new() { LabelText = name, LineColor = color, LineWidth = width, LinePattern = pattern, MarkerShape = MarkerShape.None };

    private void Style(IAxis axis, string label, ChartAxis scale)
    {
        axis.Label.Text = label;
        axis.Label.FontSize = 14;
        axis.Label.Bold = false;
        axis.Label.ForeColor = Theme.Text;
        axis.TickLabelStyle.FontSize = 13;
        axis.TickLabelStyle.ForeColor = Theme.Text;
        axis.TickGenerator = new NumericManual([.. scale.Ticks]);
    }

    private List<List<Coordinates>> Runs(IReadOnlyList<(double X, double Y)> points)
    {
        List<List<Coordinates>> runs = [];
        List<Coordinates>? run = null;
        foreach ((double x, double y) in points)
        {
            var position = new Coordinates(_x.Position(x), _y.Position(y));
            if (double.IsNaN(position.Y))
            {
                run = null;
                continue;
            }

            if (run is null)
            {
                runs.Add(run = []);
            }

            run.Add(position);
        }

        return runs;
    }
}
