using System.Globalization;
using ImplicitNet.Reports.Drawing;

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
        ChartPanel panel = new(label, x, "", y) { HasRows = true };
        ChartColour[] colours = [ChartColour.First, ChartColour.Second, ChartColour.Faint with { Opacity = 0.5 }];
        foreach ((int row, StackedBar bar) in bars.Index())
        {
            double begin = 0;
            foreach ((int part, double? length) in bar.Parts.Index())
            {
                double end = begin + (length ?? 0);
                panel.Bar((begin, row + (Thickness / 2)), (end, row - (Thickness / 2)), colours[part]);
                begin = end;
            }
        }

        panel.Whiskers([.. bars.Select((bar, row) => new MeasuredPoint(Whole(bar), bar.Deviation ?? 0, row, 0))], ChartColour.Text);
        foreach ((string name, ChartColour colour) in parts.Zip(colours))
        {
            panel.Key(name, colour);
        }

        return new Chart(title, description, panel);
    }

    private static double Whole(StackedBar bar) => bar.Parts.Sum() ?? 0;

    private static string Text(double? value) => value switch
    {
        null => "not measured",
        >= 1000 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        _ => WrittenNumber.Of(value.Value),
    };
}
