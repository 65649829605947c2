using System.Globalization;
using System.Xml.Linq;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports.Drawing;

public sealed class ChartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Names => [.. Charts.Keys];

    private static Dictionary<string, Func<Chart>> Charts { get; } = new()
    {
        ["one epoch"] = () => LearningCurveCharts.Loss(Curves(1)),
        ["a run"] = () => LearningCurveCharts.Loss(Curves(12) with { ResumedAfter = [4, 8], ChosenEpoch = 9 }),
        ["many epochs"] = () => LearningCurveCharts.Accuracy(Curves(200)),
        ["a rate over decades"] = () => LearningCurveCharts.LearningRate(Curves(12)),
        ["a loss that is once not finite"] = () => LearningCurveCharts.Loss(Curves(12, brokenEpoch: 5)),
        ["nothing but NaN"] = () => LearningCurveCharts.Loss(new LearningCurves { Epochs = [new() { Epoch = 1, Step = 1, TrainLoss = double.NaN }] }),
        ["nothing measured"] = () => LearningCurveCharts.Accuracy(new LearningCurves { Epochs = [new() { Epoch = 7, Step = 1 }] }),
        ["residuals"] = () => ResidualChart.Create(ResidualTraceSummary.FromSamples([[1, 0.1, 1e-3], [2, 0.5]], 1e-4)),
        ["residuals of one step"] = () => ResidualChart.Create(ResidualTraceSummary.FromSamples([[1]], 1e-4)),
        ["residuals that are zero or diverge"] = () => ResidualChart.Create(ResidualTraceSummary.FromSamples([[1, 0], [1, 1e300], [1, double.NaN]], 1e-4)),
        ["steps"] = () => StepHistogramChart.Create([3, 4, 4, 5, 9]),
        ["steps all alike"] = () => StepHistogramChart.Create([0, 0]),
        ["steps by the thousand"] = () => StepHistogramChart.Create([1, 9_500]),
        ["steps far apart"] = () => StepHistogramChart.Create([1, 100_000]),
        ["accuracy by steps"] = () => StepAccuracyChart.Create("sizes", [("9 x 9", Study(0.08, 0.6, 1)), ("17 x 17", Study(0, 0.1, 0.25))]),
        ["accuracy by one step"] = () => StepAccuracyChart.Create("one size", [("9 x 9", new StepStudy([1], [0], []))]),
        ["quality by steps"] = () => StepQualityChart.Create("two networks", "PSNR (dB)", [new("bounded", [(1, 20), (8, 25), (32, 25.1)]), new("a twin", [(1, 20), (9, 26), (32, -400)], 9)], [("measurement", 21), ("Wiener filter", 24)], 10),
        ["quality by steps, nothing known"] = () => StepQualityChart.Create("a network", "SSIM", [new("the network", [(1, double.NaN)], 1)], [("measurement", double.NaN)], 0.5),
        ["steps by difficulty"] = () => DifficultyChart.Create("mazes", "Longest dead end (pixels)", [1, 5, 9], Study(1)),
        ["steps by difficulty, all alike"] = () => DifficultyChart.Create("mazes", "Longest dead end (pixels)", [0], new StepStudy([], [], [new(1, SolveStatus.Converged, true)])),
        ["starts"] = () => StartsChart.Create("starts", new StartsStudy(4, [new(4, true), new(4, true), new(1, false), new(3, false)])),
        ["starts, none wrong"] = () => StartsChart.Create("starts", new StartsStudy(2, [new(2, true)]) { IsTurned = true }),
        ["solvers compared"] = () => SolverComparisonChart.Create("three solvers", [Measured("picard", [1, 0.1, 1e-3]), Measured("anderson", [1, 1e-9]), Measured("broyden", [1, 1e300, double.NaN])]),
        ["solvers far apart"] = () => SolverComparisonChart.Create("two solvers", [Measured("picard", [.. Enumerable.Repeat(1.0, 100)]), Measured("anderson", [1, 0])]),
        ["one solver, one step"] = () => SolverComparisonChart.Create("one solver", [Measured("picard", [0])]),
        ["many that fail"] = () => SolverComparisonChart.Create("nine solvers", [.. Enumerable.Range(1, 9).Select(i => Measured($"a solver with a long name, {i}", [1, 1, 1], samples: 3))]),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_chart_is_drawn_with_no_place_that_is_not_a_number(string name)
    {
        Chart chart = Charts[name]();

        using SKBitmap bitmap = SKBitmap.Decode(chart.ToPng());
        Assert.Equal(chart.Width * Chart.Scale, bitmap.Width);
        Assert.Equal(SKColors.White, bitmap.GetPixel(2, 2));
        Assert.True(bitmap.Pixels.Count(pixel => pixel != SKColors.White) > 500);
        Assert.DoesNotContain("NaN", chart.ToSvg(), StringComparison.OrdinalIgnoreCase);
        Assert.False(string.IsNullOrWhiteSpace(chart.Description));
    }

    [Fact]
    public void What_is_far_below_the_best_lies_on_the_lower_edge_and_is_told()
    {
        Chart chart = Charts["quality by steps"]();
        Assert.Equal((16, "PSNR (dB); what is below the lower edge lies on it"), (Math.Round(chart.Panels[0].Y.Minimum), chart.Panels[0].YLabel));
        Assert.Equal("bounded: 25.10 at best, after 32 steps; 25.10 after 32. a twin: 26.00 at best, after 9 steps; -400.00 after 32. measurement: 21.00. Wiener filter: 24.00.", chart.Description);
        Assert.Contains("a twin as trained, 9 steps", chart.Panels[0].Legend.Select(entry => entry.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_scales_needs_no_font_and_is_dark_where_that_is_asked_for(string name)
    {
        Chart chart = Charts[name]();
        XElement svg = XDocument.Parse(chart.ToSvg()).Root!;

        Assert.Equal($"0 0 {svg.Attribute("width")!.Value} {svg.Attribute("height")!.Value}", svg.Attribute("viewBox")!.Value);
        Assert.Equal(chart.Title, Child("title"));
        Assert.Equal(chart.Description, Child("desc"));
        Assert.True(!Chart.HasLabels || !svg.Descendants().Any(element => element.Name.LocalName == "text"));
        string dark = Child("style");
        Assert.StartsWith("@media (prefers-color-scheme: dark) {", dark, StringComparison.Ordinal);
        string[] classes = [.. svg.Descendants().Select(element => element.Attribute("class")?.Value).OfType<string>().Distinct()];
        Assert.True(classes.Length > 4);
        Assert.All(classes, one => Assert.Contains($".{one}{{", dark, StringComparison.Ordinal));
        XElement ground = svg.Elements().Single(element => element.Name.LocalName == "rect");
        Assert.Equal(("100%", "100%", "f0"), (ground.Attribute("width")!.Value, ground.Attribute("height")!.Value, ground.Attribute("class")!.Value));
        string[] defined = [.. svg.Descendants().Select(element => element.Attribute("id")?.Value).OfType<string>()];
        Assert.All(svg.Descendants().Where(element => element.Name.LocalName == "use"), use => Assert.Contains(use.Attribute("href")!.Value[1..], defined));

        string Child(string child) => svg.Elements().Single(element => element.Name.LocalName == child).Value;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_label_is_cut_and_none_lies_on_another(string name)
    {
        foreach (int width in (int[])[330, 560, 1120])
        {
            XElement svg = XElement.Parse(Charts[name]().ToElement(width, "wide"));
            double[] size = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            (string Text, double Left, double Right, double Top, double Bottom)[] boxes = [.. svg.Elements("text").Select(text =>
            {
                (double x, double y, double font, double length) = (Number(text, "x"), Number(text, "y"), Number(text, "font-size"), Number(text, "textLength"));
                return (text.Value, x, x + length, y - (0.7 * font), y + (0.2 * font));
            })];
            Assert.All(boxes, box => Assert.True(box is { Left: >= 0, Top: >= 0 } && box.Right <= width && box.Bottom <= size[3], $"{box} at {width}"));
            foreach ((int i, (_, double left, double right, double top, double bottom)) in boxes.Index())
            {
                Assert.DoesNotContain(boxes[(i + 1)..], other => other.Left < right && other.Right > left && other.Top < bottom && other.Bottom > top);
            }
        }

        static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Lines_differ_by_their_dashes_too()
    {
        Chart chart = SolverComparisonChart.Create("five solvers", [.. Enumerable.Range(1, 5).Select(i => Measured($"solver {i}", [1, 0.1, 1e-5]))]);
        (string?, string?)[] lines = [.. XElement.Parse(chart.ToElement(560, "wide")).Elements("polyline")
            .Where(line => line.Attribute("stroke-width")!.Value == "2.25")
            .Select(line => (line.Attribute("stroke")?.Value, line.Attribute("stroke-dasharray")?.Value))
            .Distinct()];

        Assert.Equal(5, lines.Length);
        Assert.Equal(5, lines.Select(line => line.Item2).Distinct().Count());
        Assert.Contains("stroke-dasharray", chart.ToSvg(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_title_makes_a_file_that_can_be_read()
    {
        const string Title = "a <b> & \"c\" \u0001 模型 é";
        XElement svg = XDocument.Parse(StepHistogramChart.Create([1, 2], Title).ToSvg()).Root!;
        Assert.Equal(Title.Replace('\u0001', ' '), svg.Elements().First().Value);
    }

    [Fact]
    public void Text_is_shown_first_in_the_font_that_it_was_measured_in()
    {
        Assert.SkipUnless(Chart.HasLabels, "there is no font");
        Assert.All(
            XElement.Parse(Charts["steps"]().ToElement(560, "wide")).Elements("text"),
            text => Assert.StartsWith($"'{ChartFont.Family}',system-ui,", text.Attribute("font-family")!.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_data_give_the_same_picture() =>
        Assert.Equal(Charts["a run"]().ToPng(), Charts["a run"]().ToPng());

    [Fact]
    public void The_legend_names_what_is_drawn_and_nothing_else()
    {
        Assert.Equal(
            ["resumed", "training", "validation", "kept: epoch 9"],
            Texts("a run").Where(text => text is "resumed" or "training" or "validation" or "not finite" || text.StartsWith("kept", StringComparison.Ordinal)));
        Assert.Contains("not finite", Texts("a loss that is once not finite"));
        Assert.Contains("Mean loss per sample", Texts("a run"));
        Assert.Contains("Epoch", Texts("a run"));
        Assert.DoesNotContain("validation", Texts("nothing but NaN"));

        static List<string> Texts(string name) => [.. XElement.Parse(Charts[name]().ToElement(560, "wide")).Elements("text").Select(text => text.Value)];
    }

    [Fact]
    public void Solvers_are_told_apart_by_name_and_failure_and_axes_have_units()
    {
        string[] texts = [.. XElement.Parse(Charts["solvers compared"]().ToElement(560, "wide")).Elements("text").Select(text => text.Value)];
        Assert.Equal(
            ["picard (MaxStepsReached)", "anderson", "broyden (NonFinite)", "tolerance", "not converged"],
            texts.Where(text => text is "tolerance" or "not converged" || text.Contains("picard") || text.Contains("anderson") || text.Contains("broyden")));
        Assert.Equal(2, texts.Count(text => text == "Relative residual"));
        Assert.Contains("Solver steps of a sample", texts);
        Assert.Contains("Time since the batch began (ms)", texts);
        Assert.Contains("three solvers", texts);
    }

    [Fact]
    public void A_comparison_says_the_main_numbers() => Assert.Equal(
        "Relative residual over steps and over time. picard: 0 of 1 samples converged, 100.0 steps on average, 100 ms; anderson: 1 of 1 samples converged, 2.0 steps on average, 2.00 ms.",
        Charts["solvers far apart"]().Description);

    [Fact]
    public void A_chart_is_saved_by_the_end_of_the_name()
    {
        Chart chart = Charts["steps"]();

        chart.Save(_folder["a.png"]);
        chart.Save(_folder["a.SVG"]);
        var exception = Assert.Throws<ArgumentException>(() => chart.Save(_folder["a.gif"]));

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(_folder["a.png"])[..4]);
        Assert.Equal("svg", XDocument.Load(_folder["a.SVG"]).Root!.Name.LocalName);
        Assert.Contains("a.gif", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["a.SVG", "a.png"], _folder.Names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_description_says_the_main_numbers()
    {
        Assert.Equal("5 samples needed 3 to 9 steps, 4 in the median, 5.0 in the mean.", Charts["steps"]().Description);
        Assert.Equal("Relative residual: median 1.5 at step 1, 0.251 at step 3; tolerance 0.0001.", Charts["residuals"]().Description);
        Assert.Equal("Loss in training: 1 after one epoch. In validation: 1.1 after one epoch.", Charts["one epoch"]().Description);
    }

    [Fact]
    public void Steps_that_cannot_be_counted_are_refused()
    {
        Assert.Throws<ArgumentException>(() => StepHistogramChart.Create([]));
        Assert.Throws<ArgumentException>(() => StepHistogramChart.Create([1, -1]));
    }

    private static StepStudy Study(params double[] accuracy) => new(
        [.. accuracy.Select((_, i) => 5 * (i + 1))], accuracy,
        [new(3, SolveStatus.Converged, true), new(9, SolveStatus.Converged, true), new(20, SolveStatus.MaxStepsReached, false)]);

    private static LearningCurves Curves(int count, int brokenEpoch = 0) => new()
    {
        Epochs = [.. Enumerable.Range(1, count).Select(epoch => new EpochRecord
        {
            Epoch = epoch,
            Step = epoch * 100,
            TrainLoss = epoch == brokenEpoch ? double.PositiveInfinity : 1.0 / epoch,
            ValidationLoss = epoch == brokenEpoch + 1 && brokenEpoch > 0 ? double.NaN : 1.1 / epoch,
            TrainAccuracy = 1 - (0.5 / epoch),
            ValidationAccuracy = 1 - (0.6 / epoch),
            LearningRate = Math.Pow(10, -epoch / 3),
        })],
    };

    private static SolverMeasurement Measured(string name, double[] residuals, int samples = 1)
    {
        const double tolerance = 1e-4;
        SolveStatus status = !double.IsFinite(residuals[^1]) ? SolveStatus.NonFinite : residuals[^1] <= tolerance ? SolveStatus.Converged : SolveStatus.MaxStepsReached;
        return new SolverMeasurement
        {
            Name = name,
            Tolerance = tolerance,
            Samples = [.. Enumerable.Repeat(new SampleReport(status, residuals.Length, residuals[^1], residuals[^1] / tolerance, residuals.Length), samples)],
            Evaluations = residuals.Length * samples,
            Seconds = residuals.Length * 1e-3,
            Runs = 1,
            Traces = [.. Enumerable.Repeat(residuals.Select((residual, step) => new ResidualTraceEntry(residual, residual / tolerance, (step + 1) * 1e-3)).ToArray(), samples)],
        };
    }
}
