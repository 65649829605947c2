using System.Globalization;
using ScottPlot;

namespace ImplicitNet.Reports;

/// <summary>Charts of horizontal bars, one below the other, each of several parts, with a whisker of one deviation of the whole.</summary>
internal static class StackedBarChart
{
    private const double Thickness = 0.66;

    /// <param name="title">The title.</param>
    /// <param name="label">The quantity and its unit.</param>
    /// <param name="parts">The names of the parts, three at most.</param>
    /// <param name="bars">From top to bottom.</param>
    public static Chart Create(string title, string label, IReadOnlyList<string> parts, IReadOnlyList<StackedBar> bars)
    {
        ChartAxis x = LinearAxis.ForValues(bars.SelectMany(bar => new[] { 0, Whole(bar), Whole(bar) + (bar.Deviation ?? 0) }), lowest: 0);
        ChartAxis y = CategoryAxis.Of([.. bars.Select(bar => bar.Name)]);
        string description = string.Join("; ",
            bars.Select(bar => $"{bar.Name}: {string.Join(", ", bar.Parts.Select((part, i) => $"{parts[i]} {Text(part)}"))}")) + ".";
        return new Chart(title, description, theme =>
        {
            Color[] colors = [theme.First, theme.Second, theme.Grid];
            ChartFrame frame = new(theme, title, label, x, "", y);
            frame.Plot.Grid.XAxisStyle.IsVisible = true;
            frame.Plot.Grid.YAxisStyle.IsVisible = false;
            for (int row = 0; row < bars.Count; row++)
            {
                double begin = 0;
                for (int part = 0; part < parts.Count; part++)
                {
                    double length = bars[row].Parts[part] ?? 0;
                    frame.HorizontalBar(row, begin, begin + length, Thickness, colors[part]);
                    begin += length;
                }
            }

            frame.Whiskers([.. bars.Select((bar, row) => new MeasuredPoint(Whole(bar), bar.Deviation ?? 0, row, 0))], theme.Text);
            foreach ((string name, Color color) in parts.Zip(colors))
            {
                frame.Key(name, color);
            }

            return frame.Finish();
        });
    }

    private static double Whole(StackedBar bar) => bar.Parts.Sum() ?? 0;

    private static string Text(double? value) => value switch
    {
        null => "not measured",
        >= 1000 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("G3", CultureInfo.InvariantCulture),
    };
}
