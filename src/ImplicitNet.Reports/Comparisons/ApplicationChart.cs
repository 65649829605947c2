using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>The chart of a network's answers over the applications of R: accuracy and agreement, and the residual.</summary>
internal static class ApplicationChart
{
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
            -0.5, summary.Rows.Count - 0.5, [.. summary.Rows.Select((row, i) => new AxisTick(i, summary.Name(row)))],
            static value => value);
        ChartAxis shares =
            LinearAxis.ForValues([.. accuracy.Concat(agreement).SelectMany(Ends), (100 * twin) ?? double.NaN], lowest: 0, highest: 100.5);
        ChartAxis residuals = LogAxis.ForValues(residual.Select(point => point.Y));
        ChartPanel left = new(Label, x, "Share of the images (%)", shares);
        Add(left, "same answer as at the tolerance", agreement, SeriesStyle.Of(1));
        Add(left, "accuracy", accuracy, SeriesStyle.Of(0));
        if (twin is { } line)
        {
            left.MarkY("explicit twin, trained as such", 100 * line, ChartPen.Mark(ChartColour.Third, ChartDash.Dotted));
        }

        ChartPanel right = new(Label, x, "Mean relative residual", residuals);
        Add(right, "relative residual", residual, SeriesStyle.Of(0) with { Colour = ChartColour.Text });
        return new Chart(title, Describe(summary, twin), left, right);
    }

    private static void Add(ChartPanel panel, string name, MeasuredPoint[] points, SeriesStyle style)
    {
        panel.Whiskers(points, style.Colour);
        (double, double)[] places = [.. points.Select(point => (point.X, point.Y))];

        // The tolerance takes each sample its own number of applications: its point stands alone.
        panel.Line(name, places[..^1], style.Line, style.Marker);
        panel.Line(null, places[^1..], style.Line, style.Marker);
    }

    private static MeasuredPoint[] Points(ApplicationSummary summary, Func<ApplicationSummary.Row, MeanAndDeviation?> value,
        double scale) =>
        [.. summary.Rows.Select((row, i) => new MeasuredPoint(i, 0, scale * (value(row)?.Mean ?? double.NaN),
            scale * (value(row)?.Deviation ?? 0)))];

    private static IEnumerable<double> Ends(MeasuredPoint point) => [point.Y - point.YDeviation, point.Y + point.YDeviation];

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
