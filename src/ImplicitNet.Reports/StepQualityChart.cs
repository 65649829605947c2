using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>
/// The chart of the quality of restored images over the solver steps that are taken: whether more steps still help, or spoil what was
/// reached.
/// </summary>
internal static class StepQualityChart
{
    /// <summary>Draws a line a network, and a level for each method that has no steps.</summary>
    /// <param name="title">The title.</param>
    /// <param name="measure">What is up, with its unit.</param>
    /// <param name="curves">At least one.</param>
    /// <param name="levels">Of other methods.</param>
    /// <param name="span">What is lower than the best by more than this lies on the lower edge, which the label then says.</param>
    public static Chart Create(
        string title, string measure, IReadOnlyList<StepQualityCurve> curves, IReadOnlyList<(string Name, double Quality)> levels,
        double span)
    {
        double[] values =
        [
            .. curves.SelectMany(curve => curve.Points).Select(point => point.Quality).Concat(levels.Select(level => level.Quality))
                .Where(double.IsFinite),
        ];
        double floor = values.DefaultIfEmpty(0).Max() - span;
        string cut = values.Any(value => value < floor) ? $"{measure}; what is below the lower edge lies on it" : measure;
        ChartAxis y = LinearAxis.ForValues(values.Select(value => Math.Max(value, floor)), floor);
        ChartAxis x = LogAxis.ForValues(curves.SelectMany(curve => curve.Points).Select(point => (double)point.Steps), isPlain: true);
        MeasuredSeries[] series =
        [
            .. curves.Select(curve => new MeasuredSeries(
                curve.Name, [.. curve.Points.Select(point => new MeasuredPoint(point.Steps, 0, point.Quality, 0))])),
        ];
        ChartPanel panel = MeasuredLineChart.Panel("Solver steps", x, cut, y, series);
        foreach ((int i, StepQualityCurve curve) in curves.Index().Where(each => each.Item.TrainedSteps is not null))
        {
            (int steps, double quality) =
                curve.Points.FirstOrDefault(point => point.Steps == curve.TrainedSteps, (Steps: 0, Quality: double.NaN));
            if (double.IsFinite(quality))
            {
                panel.Ring(
                    string.Create(CultureInfo.InvariantCulture, $"{curve.Name} as trained, {steps:N0} steps"), steps, quality,
                    SeriesStyle.Of(i).Colour);
            }
        }

        foreach ((int i, (string name, double quality)) in levels.Index().Where(each => double.IsFinite(each.Item.Quality)))
        {
            SeriesStyle style = SeriesStyle.Of(curves.Count + i);
            panel.MarkY(name, quality, ChartPen.Mark(style.Colour, ChartDash.Series(i + 1)));
        }

        return new Chart(title, string.Join(" ", [.. curves.Select(Describe), .. levels.Select(Describe)]), panel);
    }

    private static string Describe(StepQualityCurve curve)
    {
        (int Steps, double Quality)[] known = [.. curve.Points.Where(point => double.IsFinite(point.Quality))];
        return known.Length == 0 ? $"{curve.Name}: nothing known." : string.Create(
            CultureInfo.InvariantCulture,
            $"{curve.Name}: {known.MaxBy(point => point.Quality).Quality:0.00##} at best, after "
                + $"{known.MaxBy(point => point.Quality).Steps:N0} steps; {known[^1].Quality:0.00##} after {known[^1].Steps:N0}.");
    }

    private static string Describe((string Name, double Quality) level) => double.IsFinite(level.Quality)
        ? string.Create(CultureInfo.InvariantCulture, $"{level.Name}: {level.Quality:0.00##}.")
        : $"{level.Name}: nothing known.";
}
