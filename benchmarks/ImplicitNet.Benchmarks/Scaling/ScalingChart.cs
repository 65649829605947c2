using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>One row for each size that is varied: time on the left, peak memory on the right, on axes that all rows share.</summary>
internal static class ScalingChart
{
    // As wide as a page of documentation shows it: its letters have their own size there.
    private const int Width = 820;
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
        string description = string.Join("; ", axes.Select(axis => string.Create(
            CultureInfo.InvariantCulture, $"{axis.Name} {axis.Value(axis.Measurements[0].Point)} to "
                + $"{axis.Value(axis.Measurements[^1].Point)}: peak memory grows by {100 * axis.MemoryGrowth:0} %"))) + ".";
        return new Chart(
            $"Time and memory by size. {conditions}",
            description,
            [.. axes.SelectMany(axis => new[] { Times(axis, times), Memory(axis, memory) })])
        {
            Width = Width,
        };
    }

    private static ChartPanel Times(ScalingAxis axis, ChartAxis y)
    {
        ChartPanel panel = new(axis.Label, Sizes(axis), "Time (ms)", y);
        Add(panel, axis, "training step by JFB", one => one.TrainingSeconds * 1000, SeriesStyle.Of(0));
        Add(panel, axis, "inference of a batch", one => one.InferenceSeconds * 1000, SeriesStyle.Of(1));
        return panel;
    }

    private static ChartPanel Memory(ScalingAxis axis, ChartAxis y)
    {
        ChartPanel panel = new(axis.Label, Sizes(axis), "Process, at peak (MiB)", y);
        Add(panel, axis, "training process", one => one.PeakBytes / Mebibyte, SeriesStyle.Of(2));
        return panel;
    }

    private static void Add(
        ChartPanel panel, ScalingAxis axis, string name, Func<ScalingMeasurement, double> value, SeriesStyle style) => panel.Line(
        name, [.. axis.Measurements.Select(one => ((double)axis.Value(one.Point), value(one)))], style.Line, style.Marker);

    /// <summary>A tick at every size that was measured, and no other.</summary>
    private static ChartAxis Sizes(ScalingAxis axis)
    {
        int[] sizes = [.. axis.Measurements.Select(one => axis.Value(one.Point))];
        return LogAxis.ForValues(sizes.Select(size => (double)size)) with
        {
            Ticks = [.. sizes.Select(size => new AxisTick(Math.Log10(size), size.ToString("N0", CultureInfo.InvariantCulture)))],
        };
    }
}
