using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>Charts of several lines with whiskers of one deviation.</summary>
internal static class MeasuredLineChart
{
    /// <summary>Draws accuracies, that is, values of at most 100.</summary>
    public static Chart Create(
        string title, string xLabel, ChartAxis x, string yLabel, IReadOnlyList<MeasuredSeries> series, string description)
    {
        double[] ends =
            [.. series.SelectMany(one => one.Points).SelectMany(point => new[] { point.Y - point.YDeviation, point.Y + point.YDeviation })];
        ChartAxis y = LinearAxis.ForValues(ends, lowest: 0, highest: 100.5);
        return new Chart(title, description, Panel(xLabel, x, yLabel, y, series));
    }

    /// <summary>Draws values on any axis, as lines told apart by colour, dashes and markers, in their order.</summary>
    public static ChartPanel Panel(string xLabel, ChartAxis x, string yLabel, ChartAxis y, IReadOnlyList<MeasuredSeries> series)
    {
        ChartPanel panel = new(xLabel, x, yLabel, y);
        foreach ((int i, MeasuredSeries one) in series.Index())
        {
            SeriesStyle style = SeriesStyle.Of(i);
            panel.Whiskers(one.Points, style.Colour);
            panel.Line(one.Name, [.. one.Points.Select(point => (point.X, point.Y))], style.Line, style.Marker);
        }

        return panel;
    }
}
