using ImplicitNet.Cli.Images;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data;
using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

/// <summary>Mazes are drawn by the tests, as somebody with a painting program does, and read back.</summary>
public sealed class MazeImageTests : IDisposable
{
    private static readonly SKColor Green = new(0, 160, 60), Red = new(220, 30, 30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<int, int, int> Sizes =>
        new([.. from side in (int[])[5, 9, 17, 33] from scale in (int[])[1, 2, 3, 4, 7, 12] select (side, scale, (side + scale) % 3 * 5)]);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_maze_of_any_size_and_scale_is_read_with_and_without_a_margin(int side, int scale, int margin)
    {
        Maze maze = Drawn(side);
        AssertSame(maze, Read(Draw(maze, scale, margin)));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Edges_that_a_lossy_format_has_blurred_do_not_matter(SKEncodedImageFormat format)
    {
        foreach (int scale in (int[])[10, 16, 21, 30])
        {
            Maze maze = Drawn(17);
            AssertSame(maze, MazeImage.Read(Draw(maze, scale, 0).Save(_folder["a"], format)));
        }
    }

    [Fact]
    public void A_gif_is_read()
    {
        Maze maze = Drawn(9);
        using SKBitmap bitmap = Draw(maze, 6, 4);
        uint[] pixels = [.. bitmap.Pixels.Select(pixel => (uint)pixel & 0xFFFFFF)];
        GifColours colours = new([pixels], 16);
        GifAnimation gif = new(bitmap.Height, bitmap.Width, colours.Palette);
        gif.Add(colours.Places(pixels), 10);
        AssertSame(maze, MazeImage.Read(_folder.Write("a.gif", gif.ToBytes())));
    }

    [Fact]
    public void A_border_that_is_not_drawn_is_added()
    {
        // A corridor of three cells, without walls around.
        Maze maze = Read(Draw(["S.G", "###", "###"], 8));
        Assert.Equal((5, (1, 1), (1, 3)), (maze.Side, maze.Start, maze.Goal));
        Assert.Equal([(1, 1), (1, 2), (1, 3)], maze.Path);

        // Entrance and exit in the border, within a margin.
        maze = Read(Draw(["#S###", "#.#.#", "#...#", "#.#.#", "###G#"], 8, margin: 5));
        Assert.Equal((7, (1, 2), (5, 4)), (maze.Side, maze.Start, maze.Goal));
        Assert.Equal(7, maze.Path.Count);
    }

    [Fact]
    public void A_maze_with_loops_or_without_a_way_is_read_as_it_is()
    {
        Assert.Empty(Read(Draw(["#####", "#S#.#", "#.###", "#.#G#", "#####"], 3)).Path);
        Assert.Equal(3, Read(Draw(["#####", "#S.G#", "#.#.#", "#...#", "#####"], 3)).Path.Count);
    }

    [Theory]
    [InlineData("has no start, one green cell; black walls, white ways, one green cell as the start and one red cell as the goal were expected.", "#####", "#..G#", "#.#.#", "#...#", "#####")]
    [InlineData("has no goal, one red cell; black walls, white ways, one green cell as the start and one red cell as the goal were expected.", "#####", "#S..#", "#.#.#", "#...#", "#####")]
    [InlineData("has 2 green cells; one was expected, the start.", "#####", "#S.S#", "#.#.#", "#.G.#", "#####")]
    [InlineData("has 3 red cells; one was expected, the goal.", "#####", "#S.G#", "#.#.#", "#G.G#", "#####")]
    [InlineData("the start has 16 x 8 pixels, which is no cell of a maze of 40 x 40 pixels; all cells must be squares of the same size, start and goal too.", "#####", "#SS.#", "#.#.#", "#.G.#", "#####")]
    [InlineData("the maze has 5 x 4 cells; a square one was expected: add walls to the shorter side.", "#####", "#S..#", "#.#G#", "#####")]
    [InlineData("the maze has 6 x 6 cells, its border included; an odd number of at least 5 a side was expected, with ways and walls one cell wide.", "######", "#S...#", "#.#.##", "#...##", "#..G##", "######")]
    public void What_is_no_such_drawing_is_refused_in_one_line(string problem, params string[] cells) =>
        Assert.Equal(problem, Problem(Draw(cells, 8)));

    [Fact]
    public void White_around_the_maze_and_in_its_border_is_refused()
    {
        string[] cells = ["#####", "#S..#", "#.#..", "#..G#", "#####"];
        Assert.Equal("white is around the maze and in its border too; close the border, or cut off what is around it.", Problem(Draw(cells, 4, margin: 3)));
        Assert.Equal(7, Read(Draw(cells, 4)).Side);
    }

    [Fact]
    public void Cells_of_other_sizes_are_refused()
    {
        // One wall thinner than the others, and the next one thicker.
        using SKBitmap bitmap = Draw(["#####", "#S..#", "#.#.#", "#..G#", "#####"], 8);
        for (int i = 0; i < 8 * 40; i++)
        {
            if (bitmap.GetPixel(20, i / 8) == SKColors.Black)
            {
                bitmap.SetPixel(16 + (i % 3), i / 8, SKColors.White);
            }
        }

        Assert.Equal("the cell at row 0, column 16 has more than one colour in its 8 x 8 pixels; every cell must have the size of the start.", Problem(bitmap));
        Assert.Equal(
            "the start has 10 x 10 pixels, which is no cell of a maze of 46 x 46 pixels; all cells must be squares of the same size, start and goal too.",
            Problem(Drawing.Draw(46, 46, SKColors.Black, canvas =>
            {
                Fill(canvas, 10, 10, 10, 10, Green);
                Fill(canvas, 20, 10, 10, 10, SKColors.White);
                Fill(canvas, 30, 10, 10, 10, Red);
            })));
    }

    [Fact]
    public void A_drawing_that_was_scaled_smoothly_is_read_right_or_refused()
    {
        Maze maze = Drawn(9);
        int read = 0, refused = 0;
        foreach (int scale in (int[])[1, 2, 3, 5, 8])
        {
            using SKBitmap sharp = Draw(maze, scale, 0);
            foreach (SKSamplingOptions sampling in (SKSamplingOptions[])[new(SKFilterMode.Linear), new(SKCubicResampler.Mitchell)])
            {
                for (int size = 18; size <= 90; size++)
                {
                    using SKBitmap scaled = sharp.Resize(new SKSizeI(size, size), sampling);
                    try
                    {
                        AssertSame(maze, Read(scaled.Copy()));
                        read++;
                    }
                    catch (ImageFileException)
                    {
                        refused++;
                    }
                }
            }
        }

        Assert.True(read > 50 && refused > 100, $"{read} read, {refused} refused");
    }

    [Fact]
    public void Other_colours_are_refused()
    {
        using SKBitmap grey = Draw(["#####", "#S..#", "#.#.#", "#..G#", "#####"], 4);
        grey.SetPixel(10, 6, new SKColor(128, 128, 128));
        Assert.StartsWith("the pixel at row 6, column 10 is #808080, neither black, white, green nor red; ", Problem(grey.Copy()), StringComparison.Ordinal);
        grey.SetPixel(10, 6, SKColors.Blue);
        Assert.StartsWith("the pixel at row 6, column 10 is #0000ff, neither", Problem(grey.Copy()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_photo_and_a_maze_that_is_too_large_are_refused()
    {
        SKBitmap photo = Drawing.Draw(300, 200, SKColors.White, canvas =>
        {
            using SKPaint paint = new() { Shader = SKShader.CreateLinearGradient(new(0, 0), new(300, 200), [SKColors.Red, SKColors.Green, SKColors.Blue], SKShaderTileMode.Clamp) };
            canvas.DrawPaint(paint);
        });
        Assert.Contains("no cell of a maze of 300 x 200 pixels", Problem(photo), StringComparison.Ordinal);
        Assert.Equal("the maze has 257 x 257 cells; at most 255 a side are read.", Problem(Drawing.Draw(257, 257, SKColors.Black, canvas =>
        {
            Fill(canvas, 1, 1, 1, 1, Green);
            Fill(canvas, 2, 1, 1, 1, Red);
        })));
    }

    [Fact]
    public void A_picture_that_is_all_green_takes_no_more_memory_than_its_pixels()
    {
        string path = Drawing.Draw(2_000, 2_000, Green, _ => { }).Save(_folder["green.png"]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ImageFileException>(() => MazeImage.Read(path));

        // Four million pixels: their colours as they are decoded, and a byte each for what they mean.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 80_000_000);
    }

    private static Maze Drawn(int side) => Maze.Draw(side, new RandomNumbers(5, 0, side));

    private static void AssertSame(Maze expected, Maze maze)
    {
        Assert.Equal((expected.Side, expected.Start, expected.Goal), (maze.Side, maze.Start, maze.Goal));
        for (int place = 0; place < maze.Side * maze.Side; place++)
        {
            Assert.Equal(expected.IsOpen(place / maze.Side, place % maze.Side), maze.IsOpen(place / maze.Side, place % maze.Side));
        }
    }

    private static SKBitmap Draw(Maze maze, int scale, int margin) => Draw(
        [.. Enumerable.Range(0, maze.Side).Select(row => string.Concat(Enumerable.Range(0, maze.Side).Select(column =>
            (row, column) == maze.Start ? 'S' : (row, column) == maze.Goal ? 'G' : maze.IsOpen(row, column) ? '.' : '#')))],
        scale, margin);

    private static SKBitmap Draw(string[] cells, int scale, int margin = 0) => Drawing.Draw(
        (cells[0].Length * scale) + (2 * margin), (cells.Length * scale) + (2 * margin), SKColors.White, canvas =>
        {
            for (int place = 0; place < cells.Length * cells[0].Length; place++)
            {
                (int row, int column) = Math.DivRem(place, cells[0].Length);
                SKColor colour = cells[row][column] switch { '#' => SKColors.Black, 'S' => Green, 'G' => Red, _ => SKColors.White };
                Fill(canvas, margin + (column * scale), margin + (row * scale), scale, scale, colour);
            }
        });

    private static void Fill(SKCanvas canvas, int left, int top, int width, int height, SKColor colour)
    {
        using SKPaint paint = new() { Color = colour, IsAntialias = false };
        canvas.DrawRect(left, top, width, height, paint);
    }

    private Maze Read(SKBitmap bitmap) => MazeImage.Read(bitmap.Save(_folder["maze.png"]));

    private string Problem(SKBitmap bitmap) => Assert.Throws<ImageFileException>(() => Read(bitmap)).Problem;
}
