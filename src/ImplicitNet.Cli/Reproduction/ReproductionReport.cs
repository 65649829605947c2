using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Reproduction;

/// <summary>Our figures beside the paper's: what a reproduction came to.</summary>
internal sealed record ReproductionReport
{
    /// <summary>The paper's figures.</summary>
    public required PaperFigures Paper { get; init; }

    /// <summary>What was planned.</summary>
    public required ReproductionPlan Plan { get; init; }

    /// <summary>The runs that are complete, each with the name of its <see cref="ReproducedTraining"/>; at least one.</summary>
    public required IReadOnlyList<ComparedRun> Runs { get; init; }

    /// <summary>Of the clean networks trained by JFB, one a seed; none where none is complete.</summary>
    public required IReadOnlyList<ApplicationStudy> Studies { get; init; }

    /// <summary>Training images of an epoch.</summary>
    public required int TrainImages { get; init; }

    /// <summary>Test images.</summary>
    public required int TestImages { get; init; }

    /// <summary>Validation images.</summary>
    public required int ValidationImages { get; init; }

    /// <summary>What differs from the paper's protocol: the matter, there, and here.</summary>
    public required IReadOnlyList<(string Matter, string There, string Here)> Differences { get; init; }

    /// <summary>What a reader must know about these runs, such as a test part that is not whole; none by default.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    private CultureInfo Culture { get; } = CultureInfo.InvariantCulture;

    private ApplicationSummary? Applications => Studies.Count == 0 ? null : new ApplicationSummary(Studies);

    private GradientComparison Comparison => field ??= new GradientComparison(Runs);

    /// <summary>Writes report.md, report.html, runs.csv (one line for each run and epoch) and each chart as PNG and SVG.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <returns>The paths of the two reports and of the CSV file.</returns>
    /// <exception cref="IOException">A file could not be written; an old one stays as it was.</exception>
    public IReadOnlyList<string> Write(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ReportContent content = Content();
        string[] paths = [Path.Combine(folder, "report.md"), Path.Combine(folder, "report.html"), Path.Combine(folder, "runs.csv")];
        MarkdownReport.Write(paths[0], content);
        HtmlReport.Write(paths[1], content);
        AtomicFile.WriteText(paths[2], ComparisonCsv.Format(Runs));
        return paths;
    }

    /// <summary>What the report says.</summary>
    public ReportContent Content() => new()
    {
        Title = $"The JFB paper's figures again: {Paper.Data}",
        Summary = Summary(),
        Figures = [.. KeyFigures()],
        Sections =
        [
            new() { Heading = "The paper's claims", Table = PaperClaims.Table(Paper, Comparison, Applications) },
            new() { Heading = "Accuracy (Table 1 of the paper)", Text = AccuracyText(), Table = AccuracyTable() },
            new() { Heading = "Seconds an epoch (Table 2 of the "
                + "paper)", Text = TimeText(), Table = TimeTable(), Charts = Charts("seconds") },
            new() { Heading = "Early epochs", Text = MarksText(), Table = MarksTable(), Charts = Charts("accuracy-by-epoch") },
            .. FixedPoint(),
            new() { Heading = "What differs from the paper",
                Table = new(["Matter", "Paper", "Here"], [.. Differences.Select(row => new[] { row.Matter, row.There, row.Here })]) },
            new() { Heading = "The plan", Text = PlanText(), Table = PlanTable() },
            new() { Heading = "Environment", Table = ReportTable.OfPairs(RunEnvironment.Describe()) },
        ],
    };

    private string Summary()
    {
        string seeds = Plan.Seeds.Count == 1 ? $"seed {Plan.Seeds[0]}" : $"{Plan.Seeds.Count} seeds (mean ± standard deviation)";
        string runs = string.Create(
            Culture,
            $"{Counted(Plan.Trainings.Count, "training")} of {Counted(Plan.Epochs, "epoch")} with {seeds}. "
                + $"In every run the epoch was chosen on {ValidationImages:N0} validation images held out of the training images; "
                + $"the {TestImages:N0} test images were read by the chosen weights alone. "
                + $"The paper's figures were chosen on its test images.");
        return string.Join("\n\n", [runs, .. Remarks]);
    }

    private IEnumerable<KeyFigure> KeyFigures()
    {
        foreach (ReproducedTraining training in Trained())
        {
            yield return new KeyFigure(
                $"Test, {training.Title}",
                $"{Text(Of(training).TestAccuracy, 100, "0.00")} %",
                string.Create(Culture, $"paper {training.Accuracy(Paper):0.##} %"));
        }

        if (Find(ReproducedTraining.JacobianBased)?.SecondsToJacobianFree is { } ratio)
        {
            yield return new KeyFigure(
                "CG-based to JFB, time", string.Create(Culture, $"{ratio:0.00}"), string.Create(Culture, $"paper {PaperRatio:0.00}"));
        }
    }

    private double PaperRatio => Paper.JacobianBasedSeconds / Paper.JacobianFreeSeconds;

    private IEnumerable<ReproducedTraining> Trained() => ReproducedTraining.All.Where(training => Find(training.Name) is not null);

    private GradientSummary? Find(string name) => Comparison.Summaries.FirstOrDefault(summary => summary.Gradient == name);

    private GradientSummary Of(ReproducedTraining training) => Find(training.Name)!;

    private string AccuracyText()
    {
        string[] own = [.. Trained().Select(training => training.OtherMethod).OfType<string>()];
        string others = string.Join(", ", Paper.Others.Where(other => !own.Contains(other.Method)).Select(
            other => string.Create(Culture, $"{other.Method} {other.Accuracy:0.##}")));
        return string.Join(' ', ((string[])
        [
            "In per cent of the test images.",
            Paper.Remark,
            own.Length == 0 ? "" : $"Ours, by a network and settings of our own and not the paper's: {string.Join(", ", own)}; "
                + "the two figures have the method in common, no more.",
            others.Length == 0 ? "" : $"Other methods of the paper, not run here: {others}.",
        ]).Where(sentence => sentence.Length > 0));
    }

    private ReportTable AccuracyTable() => new(
        ["Training", "Parameters", "Seeds", "Validation", "Test", "Paper, test", "Paper, parameters"],
        [.. Trained().Select(training => new[]
        {
            training.Title,
            string.Create(Culture, $"{Runs.First(run => run.Gradient == training.Name).Parameters:N0}"),
            Of(training).Runs.ToString(Culture),
            Text(Of(training).ValidationAccuracy, 100, "0.00"),
            Text(Of(training).TestAccuracy, 100, "0.00"),
            training.Accuracy(Paper).ToString("0.##", Culture),
            training.OtherMethod is null ? Paper.Parameters.ToString("N0", Culture) : "–",
        })]);

    private static string TimeText() =>
        "Validation and reading the data included; the ratio is to the clean form by JFB. Here JFB, "
            + "the CG-based gradient and the explicit twin train the same network; "
            + "in the paper the network of the CG-based gradient had no batch norm, that of JFB had it in R.";

    private ReportTable TimeTable() => new(
        ["Training", "Seconds an epoch", "Ratio to JFB", "Evaluations an epoch", "Products an epoch", "Paper, seconds", "Paper, ratio"],
        [.. Trained().Select(training => new[]
        {
            training.Title,
            Text(Of(training).Seconds, 1, "0.00"),
            Number(Of(training).SecondsToJacobianFree, "0.00"),
            Text(Of(training).Evaluations, 1, "N0"),
            Text(Of(training).Products, 1, "N0"),
            Number(training.Seconds(Paper), "0.0"),
            Number(training.Seconds(Paper) / Paper.JacobianFreeSeconds, "0.00"),
        })]);

    private static string MarksText() =>
        "Validation accuracy after epochs, in per cent, beside the test accuracy of the original run by JFB, which is the published form.";

    private ReportTable MarksTable()
    {
        int[] epochs =
            [.. Paper.Marks.Select(mark => mark.Epoch).Where(epoch => epoch <= Plan.Epochs).Append(Plan.Epochs).Distinct().Order()];
        return new(
            ["Epoch", .. Trained().Select(training => training.Title), "Original, test"],
            [.. epochs.Select(epoch => (IReadOnlyList<string>)
            [
                epoch.ToString(Culture),
                .. Trained().Select(training => Text(At(training, epoch), 100, "0.00")),
                Number(Paper.Marks.Where(mark => mark.Epoch == epoch).Select(mark => (double?)mark.Accuracy).SingleOrDefault(), "0.00"),
            ])]);
    }

    private MeanAndDeviation? At(ReproducedTraining training, int epoch) => MeanAndDeviation.Of(
        Runs.Where(run => run.Gradient == training.Name).Select(
            run => run.Epochs.FirstOrDefault(record => record.Epoch == epoch)?.ValidationAccuracy));

    private IEnumerable<ReportSection> FixedPoint()
    {
        if (Applications is not { } summary)
        {
            return [];
        }

        MeanAndDeviation? twin = Find(ReproducedTraining.Explicit)?.TestAccuracy;
        double? gain = summary.Rows[^1].Accuracy?.Mean - summary.Rows[0].Accuracy?.Mean;
        string text = string.Create(
            Culture,
            $"The clean form trained by JFB, on the {TestImages:N0} test images, after numbers of applications of R; "
                + $"one application is the explicit S(R(0, q)) with the weights of the implicit network. "
                + $"From one application to the tolerance the accuracy gains {100 * gain:0.00} percentage points")
            + (twin is { } known ? string.Create(Culture, $"; the explicit twin, trained as such, has {known.ToText(100, "0.00")} %, "
            + $"the implicit network at its tolerance {Text(summary.Rows[^1].Accuracy, 100, "0.00")} %.") : ".")
            + (summary.Failed > 0 ? string.Create(Culture, $" {100 * summary.Failed:0.00} % of the solves did not reach the "
            + $"tolerance.") : "");
        return [new() { Heading = "Does the fixed point matter", Text = text, Table = summary.Table(),
            Charts = [ApplicationChart.Create($"Applications of R, {Paper.Data}", summary, twin?.Mean)] }];
    }

    private string PlanText()
    {
        string planned = string.Create(
            Culture, $"Planned by a calibration: {string.Join(", ", Plan.Trainings)}; {Counted(Plan.Epochs, "epoch")}; "
                + $"seeds {string.Join(", ", Plan.Seeds)}; about {Plan.ExpectedSeconds / 3600:0.00} h.");
        string[] missing = [.. Plan.Trainings.SelectMany(name => Plan.Seeds.Where(seed => !Runs.Any(run => run.Gradient == name
            && run.Seed == seed)).Select(seed => $"{name} with seed {seed}"))];
        return string.Join(
            "\n\n",
            [
                planned,
                Plan.LeftOut.Count == 0
                    ? "Nothing was left out for want of time."
                    : $"Left out for want of time. {string.Join(" ", Plan.LeftOut)}",
                .. missing.Length == 0 ? Array.Empty<string>() : [$"Missing, because they failed: {string.Join(", ", missing)}."],
                string.Create(
                    Culture, $"Training took {Runs.Sum(run => run.Epochs.Sum(epoch => epoch.Seconds ?? 0)) / 3600:0.00} h in all."),
            ]);
    }

    private ReportTable PlanTable() => new(
        ["Training", "Calibrated, seconds an epoch", "Seconds a run beside", "Measured, seconds an epoch", "Solves not converged (%)"],
        [.. Plan.Costs.Select(cost => new[]
        {
            cost.Name,
            cost.SecondsPerEpoch.ToString("0.00", Culture),
            cost.SecondsPerRun.ToString("0.0", Culture),
            Text(Find(cost.Name)?.Seconds, 1, "0.00"),
            Number(100 * FailedShare(cost.Name), "0.00"),
        })]);

    /// <summary>Of the training solves; null where a run does not know, or there is none.</summary>
    private double? FailedShare(string name)
    {
        EpochRecord[] epochs = [.. Runs.Where(run => run.Gradient == name).SelectMany(run => run.Epochs)];
        double? failed = epochs.Aggregate((double?)0, (sum, epoch) => sum + epoch.SolverFailures);
        return epochs.Length == 0 ? null : failed / ((double)TrainImages * epochs.Length);
    }

    private IReadOnlyList<Chart> Charts(string name) => [ComparisonCharts.All(Comparison).Single(pair => pair.Name == name).Chart];

    private static string Text(MeanAndDeviation? value, double scale, string format) => value?.ToText(scale, format) ?? "–";

    private string Counted(int count, string one) => string.Create(Culture, $"{count:N0} {one}{(count == 1 ? "" : "s")}");

    private string Number(double? value, string format) => value?.ToString(format, Culture) ?? "–";
}
