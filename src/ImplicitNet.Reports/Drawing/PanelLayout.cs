namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// A panel at one place: its area, its axes and their labels. What is up stands above its axis, to be read without turning the head.
/// </summary>
internal sealed class PanelLayout
{
    private const double Margin = 12;
    private const double RightMargin = 20;
    private const double LineHeight = 17;
    private const double TickLength = 4;
    private const double SmallTickLength = 2.5;
    private const double LabelGap = 7;
    private const double RowHeight = 34;

    // Of a panel's width: what data take upwards, and names of rows at most.
    private const double HeightShare = 0.5;
    private const double NamesShare = 0.45;
    private const double LeastHeight = 190;
    private const double MostHeight = 300;
    private const double MostPlaneHeight = 560;

    private static readonly ChartFont Label = new(13);
    private static readonly ChartFont TickLabel = new(12.5);

    private readonly ChartPanel _panel;
    private readonly double _left;
    private readonly IReadOnlyList<string> _yLabel;
    private readonly IReadOnlyList<string> _xLabel;
    private readonly double _namesWidth;
    private readonly ChartArea _area;

    /// <summary>Places a panel.</summary>
    public PanelLayout(ChartPanel panel, double left, double top, double width)
    {
        (_panel, _left) = (panel, left + Margin);
        double labels = panel.Y.Ticks.Select(tick => TickLabel.Width(tick.Label)).DefaultIfEmpty(0).Max();
        _namesWidth = panel.HasRows ? Math.Min(labels, NamesShare * width) : labels;
        _yLabel = Label.Wrap(panel.YLabel, width - (2 * Margin));
        _xLabel = Label.Wrap(panel.XLabel, width - (2 * Margin));
        double dataTop = top + (_yLabel.Count * LineHeight) + 14;
        double height = panel.HasRows
            ? RowHeight * panel.Y.Ticks.Count
            : Math.Clamp(HeightShare * width, LeastHeight, MostHeight);
        double areaLeft = _left + _namesWidth + LabelGap, areaWidth = left + width - RightMargin - areaLeft;
        if (panel.HasEqualUnits)
        {
            (double along, double up) = (panel.X.Maximum - panel.X.Minimum, panel.Y.Maximum - panel.Y.Minimum);
            double unit = Math.Min(areaWidth / along, MostPlaneHeight / up);
            (areaWidth, height) = (unit * along, unit * up);
        }

        _area = new ChartArea(areaLeft, dataTop, areaLeft + areaWidth, dataTop + height, panel.X, panel.Y);
        Bottom = XLabelTop + (_xLabel.Count * LineHeight);
    }

    /// <summary>Its lower end.</summary>
    public double Bottom { get; }

    private double XLabelTop => _area.Bottom + TickLength + LineHeight + 4;

    /// <summary>Draws it.</summary>
    public void Draw(ChartCanvas canvas)
    {
        foreach ((int line, string text) in _yLabel.Index())
        {
            canvas.Text(text, _left, _area.Top - 11 - (LineHeight * (_yLabel.Count - 1 - line)), Label, ChartColour.Faint);
        }

        foreach ((int line, string text) in _xLabel.Index())
        {
            double y = XLabelTop + (LineHeight * line) + Label.Size;
            canvas.Text(text, Held(text, Label, (_area.Left + _area.Right) / 2), y, Label, ChartColour.Faint);
        }

        DrawGrid(canvas);
        _panel.Draw(canvas, _area);
        DrawAcross(canvas);
        DrawUp(canvas);
    }

    private void DrawGrid(ChartCanvas canvas)
    {
        ChartPen pen = ChartPen.Thin(ChartColour.Grid);
        foreach (AxisTick tick in (_panel.HasRows ? _panel.X : _panel.Y).Ticks.Where(tick => tick.Label.Length > 0))
        {
            canvas.Line(
                _panel.HasRows
                    ? [(_area.Across(tick), _area.Top), (_area.Across(tick), _area.Bottom)]
                    : [(_area.Left, _area.Up(tick)), (_area.Right, _area.Up(tick))],
                pen);
        }
    }

    /// <summary>The x axis. A label that would touch the one before it is left out.</summary>
    private void DrawAcross(ChartCanvas canvas)
    {
        ChartPen pen = ChartPen.Thin(ChartColour.Faint);
        canvas.Line([(_area.Left, _area.Bottom), (_area.Right, _area.Bottom)], pen);
        double free = double.NegativeInfinity;
        foreach (AxisTick tick in _panel.X.Ticks)
        {
            double x = _area.Across(tick);
            double left = Held(tick.Label, TickLabel, x);
            bool isShown = tick.Label.Length > 0 && left > free;
            canvas.Line([(x, _area.Bottom), (x, _area.Bottom + (isShown ? TickLength : SmallTickLength))], pen);
            if (isShown)
            {
                canvas.Text(tick.Label, left, _area.Bottom + TickLength + TickLabel.Size, TickLabel, ChartColour.Text);
                free = left + TickLabel.Width(tick.Label) + LabelGap;
            }
        }
    }

    private void DrawUp(ChartCanvas canvas)
    {
        ChartPen pen = ChartPen.Thin(ChartColour.Faint);
        canvas.Line([(_area.Left, _area.Top), (_area.Left, _area.Bottom)], pen);
        foreach (AxisTick tick in _panel.Y.Ticks)
        {
            double y = _area.Up(tick);
            if (!_panel.HasRows)
            {
                canvas.Line([(_area.Left - (tick.Label.Length > 0 ? TickLength : SmallTickLength), y), (_area.Left, y)], pen);
            }

            // A small tick has none.
            IReadOnlyList<string> lines = _panel.HasRows ? TickLabel.Wrap(tick.Label, _namesWidth) : tick.Label is "" ? [] : [tick.Label];
            foreach ((int line, string text) in lines.Index())
            {
                double below = (line - ((lines.Count - 1) / 2.0)) * LineHeight * 0.85;
                canvas.Text(text, _area.Left - LabelGap, y + below + (0.36 * TickLabel.Size), TickLabel, ChartColour.Text, hold: 1);
            }
        }
    }

    /// <summary>Where a text begins that is centred at a place, but ends within the panel.</summary>
    private double Held(string text, ChartFont font, double middle)
    {
        double width = font.Width(text);
        return Math.Clamp(middle - (width / 2), _left, Math.Max(_left, _area.Right + RightMargin - 4 - width));
    }
}
