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
        string description = string.Join(" ", studies.Select(one => $"{one.Name}: " + string.Join(", ",
            one.Study.Steps.Zip(one.Study.Accuracy, (step, share) =>
                string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} % after {step:N0}"))) + "."));
        return MeasuredLineChart.Create(title, "Solver steps", x, "Answered wholly right (%)", series, description);
    }
}
