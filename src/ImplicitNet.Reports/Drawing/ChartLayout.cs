namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// A chart at one width: its title, its legend, and below them its panels, as many side by side as have room. Legends never lie on data.
/// </summary>
internal sealed class ChartLayout : FigureLayout
{
    private const double Margin = 12;
    private const double TitleHeight = 22;
    private const double LegendHeight = 21;
    private const double LegendGap = 16;
    private const double SignGap = 6;

    // Less wide, a panel has no room for ticks and labels beside another one.
    private const double LeastWidth = 360;

    private static readonly ChartFont Title = new(16, IsBold: true);
    private static readonly ChartFont Label = new(13);

    private readonly IReadOnlyList<string> _title;
    private readonly List<(LegendEntry Entry, double Left, double Middle)> _legend = [];
    private readonly List<PanelLayout> _panels = [];

    /// <summary>Places everything.</summary>
    public ChartLayout(Chart chart, double width)
    {
        _title = Title.Wrap(chart.Title, width - (2 * Margin));
        double top = PlaceLegend(chart, width, Margin + (TitleHeight * _title.Count));
        int columns = (int)Math.Clamp(width / LeastWidth, 1, Math.Min(chart.Columns, chart.Panels.Count));
        double panelWidth = width / columns;
        foreach (ChartPanel[] row in chart.Panels.Chunk(columns))
        {
            PanelLayout[] placed = [.. row.Select((panel, column) => new PanelLayout(panel, column * panelWidth, top, panelWidth))];
            _panels.AddRange(placed);
            top = placed.Max(panel => panel.Bottom);
        }

        Height = (int)Math.Ceiling(top + Margin);
    }

    /// <inheritdoc/>
    public override int Height { get; }

    /// <inheritdoc/>
    public override void Draw(ChartCanvas canvas)
    {
        foreach ((int line, string text) in _title.Index())
        {
            canvas.Text(text, Margin, Margin + (TitleHeight * line) + Title.Size, Title, ChartColour.Text);
        }

        foreach ((LegendEntry entry, double left, double middle) in _legend)
        {
            entry.Draw(canvas, left, middle);
            canvas.Text(entry.Name, left + LegendEntry.SignWidth + SignGap, middle + 4.5, Label, ChartColour.Text);
        }

        _panels.ForEach(panel => panel.Draw(canvas));
    }

    /// <summary>What several panels name alike is there once.</summary>
    private double PlaceLegend(Chart chart, double width, double top)
    {
        double left = Margin;
        double middle = top + (LegendHeight / 2);
        LegendEntry[] entries = [.. chart.Panels.SelectMany(panel => panel.Legend).DistinctBy(entry => entry.Name)];
        foreach (LegendEntry entry in entries)
        {
            double own = LegendEntry.SignWidth + SignGap + Label.Width(entry.Name);
            if (left > Margin && left + own > width - Margin)
            {
                left = Margin;
                middle += LegendHeight;
            }

            _legend.Add((entry, left, middle));
            left += own + LegendGap;
        }

        return entries.Length == 0 ? top : middle + (LegendHeight / 2);
    }
}
