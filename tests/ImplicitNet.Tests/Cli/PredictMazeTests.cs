using System.Text.Json;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using SkiaSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Cli;

/// <summary>predict with a maze solver that has learned nothing: what it says of its answers must be true all the same.</summary>
public sealed class PredictMazeTests : IDisposable
{
    private static readonly string[] Cells = ["#######", "#S#...#", "#.#.#.#", "#...#.#", "###.#.#", "#...#G#", "#######"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public PredictMazeTests()
    {
        _model = _folder["model"];
        Directory.CreateDirectory(_model);
        random.manual_seed(1);
        ModelConfig config = new() { Network = new GridSolverOptions { LatentChannels = 4 }, Data = "mazes:9" };
        using ImplicitNetwork network = config.Network.CreateNetwork();
        ModelFolder.Save(_model, config, network);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_said_of_an_answer_is_so()
    {
        string maze = Draw("maze.png", Cells);
        CliRun run = CliRun.Of("predict", "--model", _model, maze, "--json", "--starts", "3", "--output", _folder["solved.png"]);
        Assert.Equal(0, run.Code);
        JsonElement json = Json(run).GetProperty("mazes")[0];
        Assert.Equal((7, true, 0), (json.GetProperty("side").GetInt32(), json.GetProperty("hasWay").GetBoolean(), json.GetProperty("loops").GetInt32()));
        int[][] way = [.. json.GetProperty("way").EnumerateArray().Select(place => place.EnumerateArray().Select(number => number.GetInt32()).ToArray())];
        Assert.Equal(json.GetProperty("isConnected").GetBoolean(), way.Length > 0);
        Assert.Equal(json.GetProperty("isPath").GetBoolean(), way.Length > 0 && way.Length == json.GetProperty("cells").GetInt32());
        Assert.InRange(json.GetProperty("agreeingStarts").GetInt32(), 1, 3);
        Assert.Equal(_folder["solved.png"], json.GetProperty("output").GetString());
        using SKBitmap bitmap = SKBitmap.Decode(_folder["solved.png"]);
        Assert.True(bitmap.Width > 400);
        Assert.Contains(json.GetProperty("isPath").GetBoolean() || json.GetProperty("isConnected").GetBoolean() ? "path found" : "no path found", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("solved.gif", "GIF89a")]
    [InlineData("solved.svg", "<svg xmlns")]
    public void The_solve_is_drawn_as_the_name_says(string name, string begin)
    {
        Assert.Equal(0, CliRun.Of("predict", "--model", _model, Draw("maze.png", Cells), "--max-steps", "5", "--output", _folder[name]).Code);
        Assert.StartsWith(begin, System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(_folder[name])), StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_that_is_read_is_not_drawn_over()
    {
        string maze = Draw("maze.png", Cells);
        byte[] before = File.ReadAllBytes(maze);
        CliRun.Of("predict", "--model", _model, maze, "--output", maze).Failed(2, "is the picture that is read");
        Assert.Equal(before, File.ReadAllBytes(maze));
    }

    [Fact]
    public void The_step_limit_grows_with_the_maze_unless_it_is_said()
    {
        // Weights of nobody: the solve wanders, or ends; either way within the limit.
        string maze = Draw("maze.png", Cells);
        Assert.InRange(Steps(), 2, 200);
        Assert.InRange(Steps("--max-steps", "2"), 1, 2);

        int Steps(params string[] more) => Json(CliRun.Of(["predict", "--model", _model, maze, "--json", "--tolerance", "1e-9", .. more]))
            .GetProperty("mazes")[0].GetProperty("steps").GetInt32();
    }

    [Fact]
    public void What_cannot_be_read_is_told_and_the_others_are_solved()
    {
        string good = Draw("good.png", Cells), bad = Draw("bad.png", ["#####", "#S..#", "#.#.#", "#...#", "#####"]);
        CliRun run = CliRun.Of("predict", "--model", _model, good, bad, "--json");
        Assert.Equal(1, run.Code);
        Assert.Equal(JsonValueKind.Null, Json(run).GetProperty("mazes")[0].GetProperty("error").ValueKind);
        Assert.StartsWith("has no goal, one red cell; ", Json(run).GetProperty("mazes")[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains($"{bad}: has no goal, one red cell", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
    }

    [Fact]
    public void A_maze_with_loops_and_one_without_a_way_are_told()
    {
        CliRun run = CliRun.Of("predict", "--model", _model, Draw("loop.png", ["#####", "#S..#", "#.#.#", "#..G#", "#####"]), Draw("none.png", ["#####", "#S..#", "#####", "#..G#", "#####"]));
        Assert.Equal(0, run.Code);
        Assert.Contains("in doubt: the maze has 1 loop", run.Output, StringComparison.Ordinal);
        Assert.Contains("there is no way", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_cannot_be_drawn_is_refused()
    {
        string maze = Draw("maze.png", Cells);
        Assert.Equal((2, "error: --output a.jpg: a name that ends in .png, .svg, .gif was expected."), Refusal(maze, "--output", "a.jpg"));
        Assert.Equal((2, "error: --output a.png is for one picture; 2 are named."), Refusal(maze, maze, "--output", "a.png"));
        Assert.Equal((1, $"error: --output {_folder["nowhere/a.png"]}: there is no folder {_folder["nowhere"]}."), Refusal(maze, "--output", _folder["nowhere/a.png"]));
    }

    private static JsonElement Json(CliRun run) => JsonDocument.Parse(run.LastLine).RootElement;

    private (int, string) Refusal(params string[] arguments)
    {
        CliRun run = CliRun.Of(["predict", "--model", _model, .. arguments]);
        return (run.Code, run.Error.Trim());
    }

    private string Draw(string name, string[] cells)
    {
        const int scale = 6;
        using SKBitmap bitmap = new(cells.Length * scale, cells.Length * scale);
        for (int place = 0; place < bitmap.Width * bitmap.Height; place++)
        {
            (int y, int x) = Math.DivRem(place, bitmap.Width);
            bitmap.SetPixel(x, y, cells[y / scale][x / scale] switch { '#' => SKColors.Black, 'S' => SKColors.Lime, 'G' => SKColors.Red, _ => SKColors.White });
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return _folder.Write(name, data.ToArray());
    }
}
