using System.Globalization;
using ScottPlot;

namespace ImplicitNet.Reports;

/// <summary>The chart of residuals over solver steps: a straight line falling is linear convergence.</summary>
internal static class ResidualChart
{
    private const int MostMarkers = 25;

    // Diverging samples pass 1e40 soon; drawn to the end they would press all the others into one line at the bottom.
    private const double Ceiling = 1e4;

    /// <summary>
    /// Draws median, 10th to 90th percentile, the extremes and the tolerance on a logarithmic axis that ends at 10,000 at the latest.
    /// </summary>
    /// <param name="trace">The residuals.</param>
    /// <param name="title">The title, for example with the solver's name.</param>
    public static Chart Create(ResidualTraceSummary trace, string title = "Residual over solver steps")
    {
        ArgumentNullException.ThrowIfNull(trace);
        IReadOnlyList<ResidualStep> steps = trace.Steps;
        ChartAxis x = LinearAxis.ForIntegers(steps.Min(step => step.Step), steps.Max(step => step.Step));
        ChartAxis y = LogAxis.ForValues(steps.SelectMany(step => new[] { step.Minimum, step.Low, step.Median, step.High, step.Maximum })
            .Select(Capped).Append(trace.Tolerance));
        string description = string.Create(
            CultureInfo.InvariantCulture,
            $"{trace.Quantity}: median {steps[0].Median:G3} at step {steps[0].Step}, {steps[^1].Median:G3} at step {steps[^1].Step}; "
                + $"tolerance {trace.Tolerance:G3}.");
        return new Chart(title, description, theme =>
        {
            ChartFrame frame = new(theme, title, "Solver step", x, trace.Quantity, y);
            frame.Band(
                "least to largest",
                [.. steps.Select(step => ((double)step.Step, Capped(step.Minimum), Capped(step.Maximum)))],
                theme.First.WithAlpha(0.13));
            frame.Band(
                "10 % to 90 %",
                [.. steps.Select(step => ((double)step.Step, Capped(step.Low), Capped(step.High)))],
                theme.First.WithAlpha(0.28));
            frame.Line(
                "median", [.. steps.Select(step => ((double)step.Step, Capped(step.Median)))], theme.First, steps.Count <= MostMarkers);
            frame.MarkY("tolerance", trace.Tolerance, theme.Second, LinePattern.Dashed);
            return frame.Finish();
        });
    }

    private static double Capped(double residual) => Math.Min(residual, Ceiling);
}
