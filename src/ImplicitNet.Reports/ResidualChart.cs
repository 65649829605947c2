using System.Globalization;
using ImplicitNet.Reports.Drawing;

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
            $"{trace.Quantity}: median {WrittenNumber.Of(steps[0].Median)} at step {steps[0].Step}, "
                + $"{WrittenNumber.Of(steps[^1].Median)} at step {steps[^1].Step:N0}; tolerance {WrittenNumber.Of(trace.Tolerance)}.");
        ChartPanel panel = new("Solver step", x, trace.Quantity, y);
        panel.Band(
            "least to largest",
            [.. steps.Select(step => ((double)step.Step, Capped(step.Minimum), Capped(step.Maximum)))],
            ChartColour.First with { Opacity = 0.13 });
        panel.Band(
            "10 % to 90 %",
            [.. steps.Select(step => ((double)step.Step, Capped(step.Low), Capped(step.High)))],
            ChartColour.First with { Opacity = 0.28 });
        panel.Line(
            "median",
            [.. steps.Select(step => ((double)step.Step, Capped(step.Median)))],
            ChartPen.Thick(ChartColour.First),
            steps.Count <= MostMarkers ? ChartMarker.Circle : null);
        panel.MarkY("tolerance", trace.Tolerance, ChartPen.Mark(ChartColour.Second, ChartDash.Dashed));
        return new Chart(title, description, panel);
    }

    private static double Capped(double residual) => Math.Min(residual, Ceiling);
}
