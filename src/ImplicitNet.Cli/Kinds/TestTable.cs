using ImplicitNet.Reports;

namespace ImplicitNet.Cli.Kinds;

/// <summary>Tests on several data as a table of a page.</summary>
internal static class TestTable
{
    public static ReportTable Of(IReadOnlyList<TestResult> tests)
    {
        string[] scores = [.. tests.SelectMany(test => test.Scores.Keys).Distinct()];
        return new ReportTable(
            ["Data", "Samples", "Whole answers right", .. scores, "Converged", "Steps on average", "Step limit"],
            [.. tests.Select(test => (IReadOnlyList<string>)
            [
                test.Data, Display.Count(test.Samples), Display.Percent(test.Accuracy ?? double.NaN),
                .. scores.Select(score => test.Scores.TryGetValue(score, out double value) ? Display.Percent(value) : "–"),
                Display.Count(test.Statuses.GetValueOrDefault(nameof(Solvers.SolveStatus.Converged))),
                Display.Number(test.MeanSteps ?? double.NaN, "0.0"), Display.Count(test.MaxSteps),
            ])]);
    }
}
