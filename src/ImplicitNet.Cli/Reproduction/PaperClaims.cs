using System.Globalization;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Comparisons;

namespace ImplicitNet.Cli.Reproduction;

/// <summary>What the paper claims of one data set, its figures, and ours; a claim for which a training is missing is not there.</summary>
internal static class PaperClaims
{
    public static ReportTable Table(PaperFigures paper, GradientComparison comparison, ApplicationSummary? applications)
    {
        GradientSummary? free = Find(ReproducedTraining.JacobianFree);
        GradientSummary? twin = Find(ReproducedTraining.Explicit);
        GradientSummary? based = Find(ReproducedTraining.JacobianBased);
        List<string[]> rows = [];
        if (free is not null)
        {
            rows.Add(["Test accuracy by JFB (%)", Number(paper.JacobianFree), Text(free.TestAccuracy)]);
        }

        if (Find(ReproducedTraining.Published) is { } published)
        {
            rows.Add(["Test accuracy of the published form by JFB (%)", Number(paper.JacobianFree), Text(published.TestAccuracy)]);
            rows.AddRange(Marks(paper, [.. comparison.Runs.Where(run => run.Gradient == published.Gradient)]));
        }

        if (free is not null && twin is not null)
        {
            rows.Add(["JFB as accurate as the explicit twin: JFB, twin (%)", $"{Number(paper.JacobianFree)}, "
                + $"{Number(paper.Explicit)}", $"{Text(free.TestAccuracy)}, {Text(twin.TestAccuracy)}"]);
        }

        if (free is not null && based is not null)
        {
            rows.Add(["JFB at least as accurate as the CG-based gradient: JFB, CG (%)", $"{Number(paper.JacobianFree)}, "
                + $"{Number(paper.JacobianBased)}", $"{Text(free.TestAccuracy)}, {Text(based.TestAccuracy)}"]);
            rows.Add(["An epoch of the CG-based gradient in epochs of "
                + "JFB", Ratio(paper.JacobianBasedSeconds / paper.JacobianFreeSeconds), Ratio(based.SecondsToJacobianFree)]);
        }

        if (applications is not null)
        {
            rows.Add(["Test accuracy after one application of R, and at the tolerance "
                + "(%)", "not reported", $"{Text(applications.Rows[0].Accuracy)}, {Text(applications.Rows[^1].Accuracy)}"]);
        }

        rows.AddRange(
            from training in ReproducedTraining.All
            where training.OtherMethod is not null
            let ours = Find(training.Name)
            where ours is not null
            select (string[])[$"Test accuracy of the {training.OtherMethod}, ours by our own network and settings (%)",
                Number(training.Accuracy(paper)), Text(ours.TestAccuracy)]);
        return new ReportTable(["Claim or figure", "Paper", "Ours"], rows);

        GradientSummary? Find(string name) => comparison.Summaries.FirstOrDefault(summary => summary.Gradient == name);
    }

    private static IEnumerable<string[]> Marks(PaperFigures paper, ComparedRun[] runs) =>
        from mark in paper.Marks
        let ours =
            MeanAndDeviation.Of(runs.Select(run => run.Epochs.FirstOrDefault(epoch => epoch.Epoch == mark.Epoch)?.ValidationAccuracy))
        where ours is not null
        select (string[])[$"The same after {mark.Epoch} epoch{(mark.Epoch == 1 ? "" : "s")}, "
            + $"ours on validation (%)", mark.Accuracy.ToString("0.00", CultureInfo.InvariantCulture), Text(ours)];

    private static string Text(MeanAndDeviation? share) => share?.ToText(100, "0.00") ?? "–";

    private static string Ratio(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–";

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
