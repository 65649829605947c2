using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training;
using SkiaSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

public sealed class MazeGalleryTests : TensorTest
{
    /// <summary>A limit is asked for before each of the four solves, the second of which is drawn, and for the words of a section.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    public void Interrupted_it_leaves_its_pictures_out_or_whole(int asked, int pictures)
    {
        using TemporaryFolder folder = new(), whole = new();
        using ImplicitNetwork network = DeadEndNetwork.Create();
        new MazeGallery(network, 9, GridTask.Mazes.StepLimit, CancellationToken.None).Draw(new RunFolder(whole.Path));
        using CancellationTokenSource source = new();
        int limits = 0;
        int Limit(int side)
        {
            if (++limits == asked)
            {
                source.Cancel();
            }

            return GridTask.Mazes.StepLimit(side);
        }

        Assert.Throws<OperationCanceledException>(() => new MazeGallery(network, 9, Limit, source.Token).Draw(new RunFolder(folder.Path)));
        Assert.Equal(pictures, folder.Names.Count());
        Assert.All(folder.Names, name => Assert.Equal(File.ReadAllBytes(whole[name]), File.ReadAllBytes(folder[name])));
    }

    [Fact]
    public void A_solve_that_does_not_end_is_cut_at_2_000_steps_and_the_page_says_so()
    {
        using TemporaryFolder folder = new();
        Swinging swinging = new();
        using ImplicitNetwork network = DeadEndNetwork.Create(swinging);
        network.Stopping = network.Stopping with { Stall = Stall.None };
        IReadOnlyList<ReportSection> shown = new MazeGallery(network, 5, _ => 1_000_000, CancellationToken.None).Draw(new RunFolder(folder.Path)).Sections;
        MazeFigure[] figures = [.. shown.SelectMany(section => section.Charts).OfType<MazeFigure>()];
        Assert.Equal(2, figures.Length);
        Assert.All(figures, figure => Assert.Contains("MaxStepsReached after 2,000 steps", figure.Description, StringComparison.Ordinal));
        Assert.All(shown.Take(2), section => Assert.Contains(", in 2,000 steps at most; this is the one with the longest path", section.Text, StringComparison.Ordinal));
        Assert.InRange(swinging.Steps, 4 * 2_000, 4 * 2_001);
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(9, 3)]
    [InlineData(33, 2)]
    public void A_run_of_mazes_ends_with_pictures_in_its_folder_and_in_its_page(int side, int sections)
    {
        using TemporaryFolder folder = new();
        using ImplicitNetwork network = DeadEndNetwork.Create();
        IReadOnlyList<ReportSection> shown = new MazeGallery(network, side, GridTask.Mazes.StepLimit, CancellationToken.None).Draw(new RunFolder(folder.Path)).Sections;
        Assert.Equal(["maze.gif", "maze.png"], folder.Names);
        using SKBitmap picture = SKBitmap.Decode(folder["maze.png"]);
        Assert.Equal(2 * 1120, picture.Width);
        Assert.InRange(new FileInfo(folder["maze.gif"]).Length, 100, 200_000);
        Assert.Equal(sections, shown.Count);
        Assert.All(shown.SelectMany(section => section.Charts).OfType<MazeFigure>(), figure =>
        {
            Assert.Contains("The answer is a way from start to goal", figure.Description, StringComparison.Ordinal);
            Assert.False(figure.MarksMistakes);
        });
        Assert.Matches($"^Of [0-9]+ test mazes of {side} x {side}, [0-9]+ are answered wholly right; this is the one of them with the longest path.$", shown[0].Text);

        HtmlReport.Write(folder["report.html"], new ReportContent { Title = "run", Sections = shown });
        string html = File.ReadAllText(folder["report.html"]);
        Assert.Contains($"src=\"data:image/gif;base64,{Convert.ToBase64String(File.ReadAllBytes(folder["maze.gif"]))}\"", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)(https?:|url\\(|@import|<link|<script)", html);
    }

    /// <summary>u and 1 - u by turns, for ever.</summary>
    private sealed class Swinging() : LatentOperator(nameof(Swinging))
    {
        public int Steps { get; private set; }

        public override FixedPointMap Bind(Tensor q) => new PerSampleMap(u =>
        {
            Steps++;
            return 1 - u;
        });

        public override Tensor StartingLatent(Tensor q) => q.narrow(1, 0, 1).clone();
    }
}
