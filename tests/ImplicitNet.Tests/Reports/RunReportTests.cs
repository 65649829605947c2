using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Reports;

public sealed class RunReportTests : TensorTest
{
    private const string Shown = "Images and answers";

    [Theory]
    [InlineData(1, "for 1 epoch in ")]
    [InlineData(2, "for 2 epochs in ")]
    public void Epochs_are_counted_in_words(int epochs, string expected) => Assert.Contains(expected, Written(epochs: epochs).Page.Summary, StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 1, 2, "The one wrong answer, and 2 right ones.")]
    [InlineData(3, 3, 1, "All 3 wrong answers, and 1 right one.")]
    [InlineData(3, 2, 2, "2 of the 3 wrong answers, and 2 right ones.")]
    [InlineData(0, 0, 2, "No test image was answered wrongly; 2 right answers.")]
    public void The_answers_shown_are_counted_in_words(int wrong, int wrongShown, int rightShown, string expected) =>
        Assert.StartsWith(expected, Written(wrong: wrong, wrongShown: wrongShown, rightShown: rightShown).Page.Text(Shown), StringComparison.Ordinal);

    /// <summary>A chart of some of the images says of which; one of all of them has nothing to say.</summary>
    [Fact]
    public void A_chart_of_a_part_of_the_images_says_so()
    {
        string part = Written(traced: 3).Html;
        Assert.Contains(">Residual over solver steps of the first 3 images<", part, StringComparison.Ordinal);
        Assert.Contains(">Solver steps per sample of the first 3 images<", part, StringComparison.Ordinal);
        Assert.DoesNotContain("of the first", Written(traced: 8).Html, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_how_far_the_latents_are_from_their_fixed_points_and_in_which_norm()
    {
        using PerSampleMap map = new(u => (u / 2) + 1) { ErrorBound = new(2, ResidualNorm.Max) };
        using Tensor start = zeros(2, 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = 0.125 });
        SolverTotals solver = new();
        solver.Add(solution.Report);
        string text = Written(solver: solver).Page.Text("Solving");
        Assert.Contains("the latent of every test sample is within 0.25 of its fixed point, in the maximum norm.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("is within", Written().Page.Text("Solving"), StringComparison.Ordinal);
    }

    private static (string Html, Page Page) Written(SolverTotals? solver = null, int epochs = 1, int wrong = 1, int wrongShown = 1, int rightShown = 1, int traced = 8)
    {
        const int count = 8;
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        using Batch batch = new(zeros(count, 1), zeros(count, ScalarType.Int64));
        Confusion confusion = new(2);
        int[] answers = [.. Enumerable.Range(0, count).Select(image => image < wrong ? 1 : 0)];
        confusion.Add(nn.functional.one_hot(tensor(answers, ScalarType.Int64), 2).to(ScalarType.Float32), batch);
        ImageDataset images = new("images", 1, 1, 1, 2, [.. new byte[count]], [.. new byte[count]]);
        RunReport report = new()
        {
            Title = "A run",
            Training = new()
            {
                Stopped = StopReason.Epochs,
                Steps = epochs,
                BestEpoch = 1,
                Score = 1,
                ValidationAccuracy = 1,
                ValidationLoss = 1,
                Epochs = [.. Enumerable.Range(1, epochs).Select(epoch => new EpochRecord { Epoch = epoch, Step = epoch, TrainLoss = 1, ValidationLoss = 1 })],
                Seconds = 1,
            },
            Test = new() { Count = count, Loss = 1, Scores = new Dictionary<string, double>(), Solver = solver ?? new SolverTotals(), Seconds = 1 },
            Contraction = new ContractionReport(0.5, 0.5, 0.4, 0.3),
            Residuals = ResidualTraceSummary.FromSamples([[1, 0.1]], 0.2),
            Steps = [.. Enumerable.Repeat(2, traced)],
            Parameters = 1,
            Samples = "images",
            Settings = [],
            Confusion = (confusion, ["no", "yes"]),
            Images =
            [
                .. Enumerable.Range(0, wrongShown).Concat(Enumerable.Range(wrong, rightShown))
                    .Select(index => new AnsweredImage { Images = images, Index = index, Answer = answers[index], Probability = 1 }),
            ],
        };
        string html = File.ReadAllText(report.Write(new RunFolder(folder["run"]))[0]);
        return (html, new Page(html));
    }
}
