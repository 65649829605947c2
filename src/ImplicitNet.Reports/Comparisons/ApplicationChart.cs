using System.Globalization;
using ScottPlot;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>
/// The chart of a network's answers over the applications of R: accuracy and agreement on the left, the residual on the right.
/// </summary>
internal static class ApplicationChart
{
    private const int Width = 1120;
    private const int HeadHeight = 66;
    private const int Height = HeadHeight + 420;
    private const string Label = "Applications of R";

    /// <summary>Draws a summary, with whiskers of one deviation where it is of several networks.</summary>
    /// <param name="title">What was evaluated on what.</param>
    /// <param name="summary">The measurements.</param>
    /// <param name="twin">Accuracy of the explicit twin trained as such, 0 to 1, for a dashed line; none by default.</param>
    public static Chart Create(string title, ApplicationSummary summary, double? twin = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(summary);
        MeasuredPoint[] accuracy = Points(summary, row => row.Accuracy, 100);
        MeasuredPoint[] agreement = Points(summary, row => row.Agreement, 100);

        // Over decades a deviation has no two sides.
        MeasuredPoint[] residual = [.. Points(summary, row => row.RelativeResidual, 1).Select(point => point with { YDeviation = 0 })];
        ChartAxis x = new(
            -0.5, summary.Rows.Count - 0.5, [.. summary.Rows.Select((row, i) => new Tick(i, summary.Name(row)))], static value => value);
        ChartAxis shares =
            LinearAxis.ForValues([.. accuracy.Concat(agreement).SelectMany(Ends), (100 * twin) ?? double.NaN], lowest: 0, highest: 100.5);
        ChartAxis residuals = LogAxis.ForValues(residual.Select(point => point.Y));
        return new Chart(title, Describe(summary, twin), Width, Height, theme =>
        {
            (string Name, Color Color, LinePattern Pattern)[] lines =
            [
                ("accuracy", theme.First, LinePattern.Solid),
                ("same answer as at the tolerance", theme.Second, LinePattern.Solid),
                .. twin is null
                    ? Array.Empty<(string, Color, LinePattern)>()
                    : [("explicit twin, trained as such", theme.Third, LinePattern.Dashed)],
                ("relative residual", theme.Text, LinePattern.Solid),
            ];
            ChartFrame left = Frame(theme, x, "Share of the images (%)", shares);
            Add(left, agreement, theme.Second);
            Add(left, accuracy, theme.First);
            if (twin is { } line)
            {
                left.MarkY(null, 100 * line, theme.Third, LinePattern.Dashed);
            }

            ChartFrame right = Frame(theme, x, "Mean relative residual", residuals);
            Add(right, residual, theme.Text);
            return
            [
                new ChartPanel(
                    ChartFrame.Head(theme, title, [.. lines.Select(line => Legend(line.Name, line.Color, line.Pattern))]),
                    new PixelRect(0, Width, HeadHeight, 0)),
                new ChartPanel(left.Finish(), new PixelRect(0, Width / 2, Height, HeadHeight)),
                new ChartPanel(right.Finish(), new PixelRect(Width / 2, Width, Height, HeadHeight)),
            ];
        });
    }

    private static ChartFrame Frame(ChartTheme theme, ChartAxis x, string label, ChartAxis y)
    {
        ChartFrame frame = new(theme, "", Label, x, label, y);
        frame.Plot.Axes.Title.MinimumSize = 8;
        return frame;
    }

    private static void Add(ChartFrame frame, MeasuredPoint[] points, Color color)
    {
        frame.Whiskers(points, color);

        // The tolerance takes each sample its own number of applications: its point stands alone.
        foreach (MeasuredPoint[] part in (MeasuredPoint[][])[points[..^1], points[^1..]])
        {
            frame.Line(null, [.. part.Select(point => (point.X, point.Y))], color, hasMarkers: true);
        }
    }

    private static MeasuredPoint[] Points(ApplicationSummary summary, Func<ApplicationSummary.Row, MeanAndDeviation?> value,
        double scale) =>
        [.. summary.Rows.Select((row, i) => new MeasuredPoint(i, 0, scale * (value(row)?.Mean ?? double.NaN),
            scale * (value(row)?.Deviation ?? 0)))];

    private static IEnumerable<double> Ends(MeasuredPoint point) => [point.Y - point.YDeviation, point.Y + point.YDeviation];

    private static LegendItem Legend(string name, Color color, LinePattern pattern) => new()
    {
        LabelText = name,
        LineColor = color,
        LineWidth = ChartFrame.MarkWidth,
        LinePattern = pattern,
        MarkerShape = MarkerShape.None,
    };

    private static string Describe(ApplicationSummary summary, double? twin)
    {
        string each = string.Join(", ", summary.Rows.Select(row => string.Create(
            CultureInfo.InvariantCulture, $"{summary.Name(row)}: {100 * row.Accuracy?.Mean:0.00} %")));
        string other = twin is { } known
            ? string.Create(CultureInfo.InvariantCulture, $" The explicit twin trained as such: {100 * known:0.00} %.")
            : "";
        return $"Accuracy by applications of R: {each}.{other}";
    }
}
