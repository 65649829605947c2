using System.Globalization;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>The charts of a comparison. Bars and whiskers are one standard deviation over the seeds.</summary>
internal static class ComparisonCharts
{
    public static IReadOnlyList<(string Name, Chart Chart)> All(GradientComparison comparison) =>
    [
        ($"{Quality(comparison)}-by-epoch", ByEpoch(comparison)),
        ($"{Quality(comparison)}-by-second", BySecond(comparison)),
        ("seconds", Seconds(comparison)),
        ("work", Work(comparison)),
    ];

    private static Chart ByEpoch(GradientComparison comparison)
    {
        MeasuredSeries[] series = [.. comparison.ByGradient.Select(group => new MeasuredSeries(
            group.Gradient,
            [.. Epochs(group.Runs).Select(epoch => Point(new MeanAndDeviation(epoch, null), Reached(comparison, group.Runs, epoch)))]))];
        int last = comparison.Runs.Max(run => run.Epochs[^1].Epoch);
        int first = comparison.Runs.Min(run => run.Epochs[0].Epoch);
        return MeasuredLineChart.Create(
            $"{Title(comparison)} by epoch", $"Epoch{Remark(comparison)}", LinearAxis.ForIntegers(first, last), Axis(comparison), series,
            Describe(comparison));
    }

    private static Chart BySecond(GradientComparison comparison)
    {
        MeasuredSeries[] series = [.. comparison.ByGradient.Select(group => new MeasuredSeries(
            group.Gradient,
            [.. Epochs(group.Runs).Select(epoch => Point(
                MeanAndDeviation.Of(group.Runs.Select(run => run.Epochs.TakeWhile(record => record.Epoch <= epoch)
                    .Aggregate((double?)0, (sum, record) => sum + record.Seconds))),
                Reached(comparison, group.Runs, epoch)))]))];
        ChartAxis x = LinearAxis.ForValues(
            series.SelectMany(one => one.Points).SelectMany(point => new[] { point.X + point.XDeviation, 0 }), lowest: 0);
        return MeasuredLineChart.Create(
            $"{Title(comparison)} by second",
            $"Seconds of training and validation{Remark(comparison)}",
            x,
            Axis(comparison),
            series,
            Describe(comparison));
    }

    private static Chart Seconds(GradientComparison comparison) => StackedBarChart.Create(
        "Time of an epoch",
        $"Seconds an epoch{Remark(comparison)}",
        ["forward", "backward", "rest"],
        [.. comparison.Summaries.Select(summary => new StackedBar(
            summary.Gradient, [summary.Forward?.Mean, summary.Backward?.Mean, summary.Rest?.Mean], summary.Seconds?.Deviation))]);

    private static Chart Work(GradientComparison comparison) => StackedBarChart.Create(
        "Work of an epoch",
        $"Number an epoch, over all samples{Remark(comparison)}",
        ["evaluations of the solves", "products of the backward passes"],
        [.. comparison.ByGradient.Zip(comparison.Summaries, (group, summary) => new StackedBar(
            summary.Gradient,
            [summary.Evaluations?.Mean, summary.Products?.Mean],
            MeanAndDeviation.Of(group.Runs.Select(run => run.PerEpoch(epoch => epoch.Evaluations + epoch.Products)))?.Deviation))]);

    /// <summary>The epochs that all runs have.</summary>
    private static IEnumerable<int> Epochs(ComparedRun[] runs) =>
        runs.Select(run => run.Epochs.Select(epoch => epoch.Epoch)).Aggregate((common, own) => common.Intersect(own)).Order();

    private static string Quality(GradientComparison comparison) => comparison.HasAccuracy ? "accuracy" : "loss";

    private static string Title(GradientComparison comparison) => comparison.HasAccuracy ? "Accuracy" : "Loss";

    private static string Axis(GradientComparison comparison) => comparison.HasAccuracy ? "Validation accuracy (%)" : "Validation loss";

    private static MeanAndDeviation? Reached(GradientComparison comparison, ComparedRun[] runs, int epoch) =>
        MeanAndDeviation.Of(runs.Select(run => run.Epochs.First(record => record.Epoch == epoch)).Select(record =>
            comparison.HasAccuracy ? 100 * record.ValidationAccuracy : record.ValidationLoss));

    private static MeasuredPoint Point(MeanAndDeviation? x, MeanAndDeviation? y) =>
        new(x?.Mean ?? double.NaN, x?.Deviation ?? 0, y?.Mean ?? double.NaN, y?.Deviation ?? 0);

    private static string Remark(GradientComparison comparison) => comparison.Summaries.Max(summary => summary.Runs) is > 1 and { } seeds
        ? string.Create(CultureInfo.InvariantCulture, $" (mean and deviation of {seeds} seeds)")
        : "";

    private static string Describe(GradientComparison comparison)
    {
        string reached = string.Join("; ", comparison.Summaries.Select(summary => comparison.HasAccuracy
            ? FormattableString.Invariant($"{summary.Gradient}: {100 * summary.ValidationAccuracy?.Mean:0.00} %")
            : FormattableString.Invariant($"{summary.Gradient}: {summary.ValidationLoss?.Mean:0.0000}")));
        return reached + (comparison.HasAccuracy
            ? " of the validation images in the best epoch."
            : ", the validation loss of the weights chosen.");
    }
}
