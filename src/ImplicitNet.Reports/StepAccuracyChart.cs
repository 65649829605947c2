using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports;

/// <summary>The chart of accuracy over the solver steps that are taken: what more computing at test time gains.</summary>
internal static class StepAccuracyChart
{
    /// <summary>Draws one line a data set, such as one size.</summary>
    /// <param name="title">The title.</param>
    /// <param name="studies">Each with its name.</param>
    public static Chart Create(string title, IReadOnlyList<(string Name, StepStudy Study)> studies)
    {
        ChartAxis x = LogAxis.ForValues(studies.SelectMany(one => one.Study.Steps).Select(step => (double)step), isPlain: true);
        MeasuredSeries[] series =
        [
            .. studies.Select(one => new MeasuredSeries(
                one.Name, [.. one.Study.Steps.Zip(one.Study.Accuracy, (step, share) => new MeasuredPoint(step, 0, 100 * share, 0))])),
        ];
        string description = string.Join(" ", studies.Select(one => Describe(one.Name, one.Study)));
        return MeasuredLineChart.Create(title, "Solver steps", x, "Answered wholly right (%)", series, description);
    }

    private static string Describe(string name, StepStudy study)
    {
        (int step, double share)[] points = [.. study.Steps.Zip(study.Accuracy)];
        int half = Array.FindIndex(points, point => point.share >= points[^1].share / 2);
        return string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * points[^1].share:0.0} % after {points[^1].step:N0} steps")
            + (points[^1].share > 0 ? string.Create(CultureInfo.InvariantCulture, $", half of that after {points[half].step:N0}.") : ".");
    }
}
