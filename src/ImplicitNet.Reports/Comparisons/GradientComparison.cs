using System.Globalization;
using ImplicitNet.Files;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.History;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>Runs that differ in their gradient and seed alone.</summary>
internal sealed class GradientComparison
{
    // The yardstick of times, as the command line names it.
    private const string JacobianFree = "jfb";

    /// <summary>Compares runs.</summary>
    /// <param name="runs">At least one. Gradients are shown in the order in which they first come.</param>
    /// <exception cref="ArgumentException">There is no run, or a gradient has two with one seed.</exception>
    public GradientComparison(IReadOnlyList<ComparedRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count == 0 || runs.DistinctBy(run => (run.Gradient, run.Seed)).Count() < runs.Count)
        {
            throw new ArgumentException("A comparison needs at least one run, and one at most for each gradient and seed.", nameof(runs));
        }

        Runs = runs;
        ByGradient = [.. runs.GroupBy(run => run.Gradient).Select(group => (group.Key, group.ToArray()))];
        GradientSummary[] summaries = [.. ByGradient.Select(group => GradientSummary.Of(group.Gradient, group.Runs))];
        double? jacobianFree = Array.Find(summaries, summary => summary.Gradient == JacobianFree)?.Seconds?.Mean;
        Summaries = [.. summaries.Select(summary => summary with { SecondsToJacobianFree = summary.Seconds?.Mean / jacobianFree })];
    }

    /// <summary>The runs.</summary>
    public IReadOnlyList<ComparedRun> Runs { get; }

    /// <summary>One for each gradient.</summary>
    public IReadOnlyList<GradientSummary> Summaries { get; }

    internal IReadOnlyList<(string Gradient, ComparedRun[] Runs)> ByGradient { get; }

    /// <summary>Whether answers are right or wrong; if not, losses are what is compared.</summary>
    internal bool HasAccuracy => Runs.Any(run => (run.TestAccuracy ?? run.ValidationAccuracy) is not null);

    /// <summary>The table of means and deviations, one row for each gradient; what no run has measured has no column.</summary>
    public ReportTable Table()
    {
        (string Title, Func<GradientSummary, string> Cell)[] columns = [.. Columns()];
        return new ReportTable(
            [.. columns.Select(column => column.Title)],
            [.. Summaries.Select(summary => (IReadOnlyList<string>)[.. columns.Select(column => column.Cell(summary))])]);
    }

    private IEnumerable<(string Title, Func<GradientSummary, string> Cell)> Columns() =>
    [
        ("Gradient", summary => summary.Gradient),
        ("Seeds", summary => summary.Runs.ToString(CultureInfo.InvariantCulture)),
        .. Where(
            HasAccuracy, ("Test accuracy (%)", summary => Text(summary.TestAccuracy, 100, "0.00")),
            ("Validation (%)", summary => Text(summary.ValidationAccuracy, 100, "0.00"))),
        .. Where(
            !HasAccuracy, ("Test loss", summary => Text(summary.TestLoss, 1, "0.0000")),
            ("Validation loss", summary => Text(summary.ValidationLoss, 1, "0.0000"))),
        .. Where(
            Summaries.Select(summary => summary.Parameters).Distinct().Count() > 1,
            ("Parameters", summary => summary.Parameters?.ToString("N0", CultureInfo.InvariantCulture) ?? "–")),
        ("Cosine to exact", summary => Text(summary.Cosine, 1, "0.0000")),
        .. Where(
            Summaries.Any(summary => summary.Certificate is not null),
            ("Certificate (cosine)", summary => Text(summary.Certificate, 1, "0.0000"))),
        ("Steps a sample", summary => Text(summary.Steps, 1, "0.0")),
        ("Evaluations an epoch", summary => Text(summary.Evaluations, 1, "N0")),
        ("Products an epoch", summary => Text(summary.Products, 1, "N0")),
        ("Adjoint failures", summary => summary.AdjointFailures?.ToString("N0", CultureInfo.InvariantCulture) ?? "–"),
        ("Seconds an epoch", summary => Text(summary.Seconds, 1, "0.00")),
        ("Ratio to JFB", summary => summary.SecondsToJacobianFree?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–"),
        ("Forward (s)", summary => Text(summary.Forward, 1, "0.00")),
        ("Backward (s)", summary => Text(summary.Backward, 1, "0.00")),
        ("Peak memory (MiB)", summary => Text(summary.PeakMemoryBytes, 1.0 / 1048576, "N0")),
    ];

    /// <summary>
    /// Writes comparison.csv (one line for each run and epoch), comparison.md (the table), each chart as PNG and SVG, and comparison.html,
    /// a page of all.
    /// </summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="heading">What was compared on what, for the first line of the Markdown file.</param>
    /// <param name="sections">What else is said, in the page and below the table.</param>
    /// <returns>The paths written; the page is the last.</returns>
    /// <exception cref="IOException">A file could not be written; an old one stays as it was.</exception>
    public IReadOnlyList<string> Write(string folder, string heading, params IReadOnlyList<ReportSection> sections)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string csv = Path.Combine(folder, "comparison.csv");
        string markdown = Path.Combine(folder, "comparison.md");
        AtomicFile.WriteText(csv, ComparisonCsv.Format(Runs));
        AtomicFile.WriteText(markdown, $"{heading}\n\n{MarkdownTable.Format(Table())}{string.Concat(sections.Select(Markdown))}");
        List<string> paths = [csv, markdown];
        foreach ((string name, Chart chart) in ComparisonCharts.All(this))
        {
            foreach (string format in (string[])["png", "svg"])
            {
                string path = Path.Combine(folder, $"{name}.{format}");
                chart.Save(path);
                paths.Add(path);
            }
        }

        string page = Path.Combine(folder, "comparison.html");
        HtmlReport.Write(page, Content(heading, sections));
        paths.Add(page);
        return paths;
    }

    private static string Markdown(ReportSection section) =>
        $"\n## {section.Heading}\n\n{section.Text}\n\n{MarkdownTable.Format(section.Table!)}";

    private ReportContent Content(string heading, IReadOnlyList<ReportSection> sections) => new()
    {
        Title = "Gradients compared",
        Summary = heading,
        Sections =
        [
            new()
            {
                Heading = HasAccuracy ? "Accuracy, work and time" : "Loss, work and time",
                Table = Table(),
                Charts = [.. ComparisonCharts.All(this).Select(one => one.Chart)],
            },
            .. sections,
            new() { Heading = "Environment", Table = ReportTable.OfPairs(RunEnvironment.Describe()) },
        ],
    };

    private static (string Title, Func<GradientSummary, string> Cell)[] Where(
        bool isShown, params (string Title, Func<GradientSummary, string> Cell)[] columns) => isShown ? columns : [];

    private static string Text(MeanAndDeviation? value, double scale, string format) => value?.ToText(scale, format) ?? "–";
}
