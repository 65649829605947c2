using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli;

public sealed class MazeGalleryTests : TensorTest
{
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
}
