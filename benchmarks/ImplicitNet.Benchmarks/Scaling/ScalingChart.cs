using System.Globalization;
using ImplicitNet.Reports;
using ScottPlot;

namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>One column for each size that is varied: time above, peak memory below, on axes that all columns share.</summary>
internal static class ScalingChart
{
    private const int PanelWidth = 330;
    private const int PanelHeight = 290;
    private const int HeadHeight = 84;
    private const double Mebibyte = 1048576;

    /// <summary>Draws.</summary>
    /// <param name="conditions">What holds for all, for the title.</param>
    /// <param name="axes">At least one.</param>
    public static Chart Create(string conditions, IReadOnlyList<ScalingAxis> axes)
    {
        ScalingMeasurement[] all = [.. axes.SelectMany(axis => axis.Measurements)];
        ChartAxis times =
            LogAxis.ForValues(all.SelectMany(one => new[] { one.TrainingSeconds * 1000, one.InferenceSeconds * 1000 }), isPlain: true);
        ChartAxis memory = LinearAxis.ForValues(all.Select(one => one.PeakBytes / Mebibyte).Append(0), lowest: 0);
        int width = PanelWidth * axes.Count;
        string title = $"Time and memory by size. {conditions}";
        string description = string.Join("; ", axes.Select(axis => string.Create(
            CultureInfo.InvariantCulture, $"{axis.Name} {axis.Value(axis.Measurements[0].Point)} to "
                + $"{axis.Value(axis.Measurements[^1].Point)}: peak memory grows by {100 * axis.MemoryGrowth:0} %"))) + ".";
        return new Chart(title, description, width, HeadHeight + (2 * PanelHeight), theme =>
        [
            new ChartPanel(ChartFrame.Head(theme, title, Legend(theme)), new PixelRect(0, width, HeadHeight, 0)),
            .. axes.SelectMany((axis, column) => new[]
            {
                new ChartPanel(
                    Panel(theme, axis, "", "Time (ms)", times, [one => one.TrainingSeconds * 1000, one => one.InferenceSeconds * 1000]),
                    Place(column, row: 0)),
                new ChartPanel(
                    Panel(theme, axis, axis.Label, "Process, at peak (MiB)", memory, [one => one.PeakBytes / Mebibyte]),
                    Place(column, row: 1)),
            }),
        ]);
    }

    private static PixelRect Place(int column, int row) => new(
        column * PanelWidth, (column + 1) * PanelWidth, HeadHeight + ((row + 1) * PanelHeight), HeadHeight + (row * PanelHeight));

    private static List<LegendItem> Legend(ChartTheme theme) =>
    [
        new() { LabelText = "training step by JFB", LineColor = theme.First, LineWidth = 2.25f, MarkerShape = MarkerShape.None },
        new() { LabelText = "inference of a batch", LineColor = theme.Second, LineWidth = 2.25f, MarkerShape = MarkerShape.None },
    ];

    private static Plot Panel(
        ChartTheme theme, ScalingAxis axis, string xLabel, string yLabel, ChartAxis y,
        IReadOnlyList<Func<ScalingMeasurement, double>> values)
    {
        int[] sizes = [.. axis.Measurements.Select(one => axis.Value(one.Point))];

        // A tick at every size that was measured, and no other.
        ChartAxis x = LogAxis.ForValues(sizes.Select(size => (double)size)) with
        {
            Ticks = [.. sizes.Select(size => new Tick(Math.Log10(size), size.ToString(CultureInfo.InvariantCulture)))],
        };
        ChartFrame frame = new(theme, "", xLabel, x, yLabel, y);
        frame.Plot.Axes.Title.MinimumSize = 8;
        Color[] colors = [theme.First, theme.Second];
        for (int line = 0; line < values.Count; line++)
        {
            Func<ScalingMeasurement, double> value = values[line];
            frame.Line(
                null, [.. axis.Measurements.Select(one => ((double)axis.Value(one.Point), value(one)))], colors[line], hasMarkers: true);
        }

        return frame.Finish();
    }
}
