using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>The chart of how many solver steps the samples needed.</summary>
internal static class StepHistogramChart
{
    // More bars than this are too thin to tell apart.
    private const int MostBars = 60;

    // Fewer would be walls, not bars.
    private const int LeastBars = 9;

    /// <summary>Draws one bar per number of steps, or per equal range of them where there are too many, and the median.</summary>
    /// <param name="steps">Each sample's number of solver steps, at least one sample.</param>
    /// <param name="title">The title, for example with the solver's name.</param>
    /// <exception cref="ArgumentException">There are no samples, or a number is negative.</exception>
    public static Chart Create(IReadOnlyList<int> steps, string title = "Solver steps per sample")
    {
        ArgumentNullException.ThrowIfNull(steps);
        if (steps.Count == 0 || steps.Min() < 0)
        {
            throw new ArgumentException("The steps of at least one sample are needed, none negative.", nameof(steps));
        }

        int[] sorted = [.. steps.Order()];
        (int first, int last) = (sorted[0], sorted[^1]);
        int width = ((last - first) / MostBars) + 1;
        int[] counts = new int[((last - first) / width) + 1];
        foreach (int step in sorted)
        {
            counts[(step - first) / width]++;
        }

        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0;
        int end = first + (counts.Length * width) - 1;
        string description = first == last
            ? string.Create(CultureInfo.InvariantCulture, $"All {sorted.Length:N0} samples needed {first:N0} steps.")
            : string.Create(CultureInfo.InvariantCulture, $"{sorted.Length:N0} samples needed {first:N0} to {last:N0} steps, "
                + $"{median:#,0.#} in the median, {sorted.Average():#,0.0} in the mean.");
        int room = Math.Max((LeastBars - counts.Length) / 2, 0);
        ChartPanel panel = new(
            "Solver steps",
            LinearAxis.ForIntegers(Math.Max(first - room, 0), end + room),
            width == 1 ? "Samples" : string.Create(CultureInfo.InvariantCulture, $"Samples per {width:N0} steps"),
            LinearAxis.ForHeights(counts.Max()));
        foreach ((int i, int count) in counts.Index())
        {
            double middle = first + (i * width) + ((width - 1) / 2.0);
            panel.Bar((middle - (0.43 * width), 0), (middle + (0.43 * width), count), ChartColour.First);
        }

        panel.MarkX(
            string.Create(CultureInfo.InvariantCulture, $"median: {median:#,0.#}"),
            [median],
            ChartPen.Mark(ChartColour.Second, ChartDash.Dashed));
        return new Chart(title, description, panel);
    }
}
