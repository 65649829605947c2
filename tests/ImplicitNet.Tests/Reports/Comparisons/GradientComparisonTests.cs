using System.Xml.Linq;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.History;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports.Comparisons;

public sealed class GradientComparisonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_deviation_is_that_of_a_sample_and_one_value_has_none()
    {
        Assert.Equal(new MeanAndDeviation(2, 1), MeanAndDeviation.Of([1.0, 2.0, 3.0]));
        Assert.Equal(new MeanAndDeviation(4, null), MeanAndDeviation.Of([4.0]));
        Assert.Null(MeanAndDeviation.Of([]));
        Assert.Null(MeanAndDeviation.Of([1.0, null]));
        Assert.Null(MeanAndDeviation.Of([1.0, double.NaN]));
    }

    [Fact]
    public void A_summary_is_over_the_seeds_of_the_means_over_the_epochs()
    {
        GradientSummary summary = new GradientComparison([Run("jfb", 1, 10), Run("jfb", 2, 14)]).Summaries.Single();
        Assert.Equal(("jfb", 2), (summary.Gradient, summary.Runs));
        Assert.Equal(12, summary.Seconds!.Value.Mean, 12);
        Assert.Equal(Math.Sqrt(8), summary.Seconds.Value.Deviation!.Value, 12);
        Assert.Equal(summary.Seconds.Value.Mean, summary.Forward!.Value.Mean + summary.Backward!.Value.Mean + summary.Rest!.Value.Mean, 12);
        Assert.Equal(8, summary.AdjointFailures);
        Assert.Equal(1, summary.SecondsToJacobianFree!.Value, 12);
    }

    [Fact]
    public void Times_are_held_against_those_of_JFB_where_there_are_any()
    {
        GradientComparison comparison = new([Run("implicit:cg-normal", 1, 28.4), Run("jfb", 1, 17.6), Run("explicit", 1, 8.8)]);
        Assert.Equal([28.4 / 17.6, 1, 0.5], comparison.Summaries.Select(summary => Math.Round(summary.SecondsToJacobianFree!.Value, 14)), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Contains("| 28.40 | 1.61 |", MarkdownTable.Format(comparison.Table()), StringComparison.Ordinal);
        Assert.Null(new GradientComparison([Run("neumann:3", 1, 2)]).Summaries.Single().SecondsToJacobianFree);
    }

    [Fact]
    public void Table_lines_and_pictures_are_written_whole()
    {
        GradientComparison comparison = new([Run("jfb", 1, 10), Run("phantom:5:0.5", 1, 20), Run("jfb", 2, 14), Run("phantom:5:0.5", 2, 21)]);
        IReadOnlyList<string> paths = comparison.Write(_folder.Path, "What was compared.");
        Assert.Equal(11, paths.Count);
        Assert.Equal(4, Page.Read(paths[^1]).Charts);
        Assert.All(paths, path => Assert.True(new FileInfo(path).Length > 100, path));
        string[] lines = File.ReadAllLines(paths[0]);
        Assert.Equal(9, lines.Length);
        Assert.StartsWith("gradient,seed,epoch,step,", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("phantom:5:0.5,2,2,20,", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Equal(lines[0].Count(letter => letter == ','), line.Count(letter => letter == ',')));
        string[] markdown = File.ReadAllLines(paths[1]);
        Assert.Equal(("What was compared.", ""), (markdown[0], markdown[1]));
        Assert.StartsWith("| jfb | 2 | 94.50 ± 0.71 |", markdown[4], StringComparison.Ordinal);
        foreach (string picture in paths.Where(path => path.EndsWith(".png", StringComparison.Ordinal)))
        {
            using SKBitmap bitmap = SKBitmap.Decode(picture);
            Assert.True(bitmap.Pixels.Count(pixel => pixel != bitmap.GetPixel(2, 2)) > 500, picture);
        }

        Assert.All(paths.Where(path => path.EndsWith(".svg", StringComparison.Ordinal)), path => Assert.DoesNotContain("NaN", File.ReadAllText(path), StringComparison.Ordinal));
    }

    [Fact]
    public void Every_point_lies_at_its_epoch_and_gradients_differ_by_their_dashes()
    {
        GradientComparison comparison = new([Run("jfb", 1, 10), Run("phantom:5:0.5", 1, 20), Run("neumann:3", 1, 30)]);
        Chart chart = ComparisonCharts.All(comparison)[0].Chart;
        XElement[] lines = [.. XElement.Parse(chart.ToElement(560, "wide")).Elements("polyline")
            .Where(line => line.Attribute("stroke-width")!.Value == "2.25" && Along(line, 1).Distinct().Count() > 1)];
        Assert.Equal(3, lines.Length);
        Assert.Single(lines.Select(line => string.Join(' ', Along(line, 0))).Distinct());
        Assert.Equal(3, lines.Select(line => line.Attribute("stroke-dasharray")?.Value).Distinct().Count());

        // The signs of the legend are level.
        static IEnumerable<string> Along(XElement line, int axis) => line.Attribute("points")!.Value.Split(' ').Select(point => point.Split(',')[axis]);
    }

    [Fact]
    public void What_was_not_measured_is_left_empty()
    {
        ComparedRun bare = new() { Gradient = "jfb", Seed = 1, Epochs = [new EpochRecord { Epoch = 1, Step = 1 }] };
        GradientComparison comparison = new([bare]);
        IReadOnlyList<string> paths = comparison.Write(_folder.Path, "");
        Assert.Equal("jfb,1,1,1,,,,,,,,,,,,,,,,,,,,,", File.ReadAllLines(paths[0])[1]);
        Assert.All(comparison.Table().Rows.Single().Skip(2), cell => Assert.Equal("–", cell));
    }

    [Fact]
    public void What_has_no_right_answers_is_compared_by_its_loss_and_twins_by_their_parameters()
    {
        GradientComparison comparison = new([Loss("jfb", 1.5, 100), Loss("untied:2", 1.25, 180)]);
        ReportTable table = comparison.Table();
        Assert.Equal(["Gradient", "Seeds", "Test loss", "Validation loss", "Parameters"], table.Header.Take(5));
        Assert.Equal(["untied:2", "1", "2.2500", "1.2500", "180"], table.Rows[1].Take(5));
        Assert.Equal("0.9000", table.Rows[0][table.Header.ToList().IndexOf("Certificate (cosine)")]);
        IReadOnlyList<string> paths = comparison.Write(_folder.Path, "");
        Assert.Contains(paths, path => path.EndsWith("loss-by-epoch.svg", StringComparison.Ordinal));
        Assert.Equal(4, Page.Read(paths[^1]).Charts);
        Assert.DoesNotContain("Parameters", new GradientComparison([Loss("jfb", 1.5, 100)]).Table().Header);
    }

    private static ComparedRun Loss(string gradient, double loss, long parameters) => new()
    {
        Gradient = gradient,
        Seed = 1,
        Epochs = [new EpochRecord { Epoch = 1, Step = 1, ValidationLoss = loss + 0.1 }],
        TestLoss = loss + 1,
        ValidationLoss = loss,
        Certificate = 0.9,
        Parameters = parameters,
    };

    [Fact]
    public void Two_runs_with_one_seed_are_refused()
    {
        Assert.Throws<ArgumentException>("runs", () => new GradientComparison([]));
        Assert.Throws<ArgumentException>("runs", () => new GradientComparison([Run("jfb", 1, 1), Run("jfb", 1, 2)]));
        Assert.Throws<ArgumentException>("Epochs", () => new ComparedRun { Gradient = "jfb", Seed = 1, Epochs = [] });
    }

    [Fact]
    public void Growth_of_memory_is_from_the_least_to_the_largest_peak()
    {
        MemoryComparison comparison = new([new("jfb", 10, 1000 << 20), new("jfb", 250, 1010 << 20), new("unrolled", 10, 1000 << 20)]);
        Assert.Equal([("jfb", 0.01), ("unrolled", 0)], comparison.Growth().Select(one => (one.Gradient, Math.Round(one.Growth, 6))));
        Assert.Equal(["unrolled", "1,000", "–", "0.0 %"], comparison.Table().Rows[1]);
        IReadOnlyList<string> paths = comparison.Write(_folder.Path);
        Page page = Page.Read(paths[^1]);
        Assert.Equal((1, "1,000"), (page.Charts, page.Column("Peak memory", "10 steps (MiB)")[1]));
        Assert.Equal("jfb,250,1059061760", File.ReadAllLines(paths[0])[2]);
        Assert.All(paths, path => Assert.True(File.Exists(path)));
        Assert.Throws<ArgumentException>("measurements", () => new MemoryComparison([]));
    }

    private static ComparedRun Run(string gradient, long seed, double seconds) => new()
    {
        Gradient = gradient,
        Seed = seed,
        TestAccuracy = 0.93 + (seed / 100.0),
        Epochs = [.. Enumerable.Range(1, 2).Select(epoch => new EpochRecord
        {
            Epoch = epoch,
            Step = 10 * epoch,
            ValidationAccuracy = 0.9 + (epoch / 100.0),
            Evaluations = 1000,
            Products = 100 * seed,
            AdjointFailures = 2,
            Cosine = 0.9,
            Seconds = seconds,
            Times = new EpochTimes(seconds / 2, seconds / 4, seconds / 8, seconds / 16),
            PeakMemoryBytes = 300 << 20,
        })],
    };
}
