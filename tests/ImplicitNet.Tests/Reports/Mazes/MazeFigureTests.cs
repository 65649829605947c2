using System.Globalization;
using System.Xml.Linq;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Reports.Mazes;
using ImplicitNet.Training.Data;
using SkiaSharp;

namespace ImplicitNet.Tests.Reports.Mazes;

public sealed class MazeFigureTests
{
    private const int Margin = 12;

    private static readonly Maze Small = new(Open(["#####", "#...#", "#.#.#", "#.#.#", "#####"]), (3, 1), (3, 3));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_pixel_of_a_maze_has_the_colour_of_what_it_is(bool isDark)
    {
        ChartTheme theme = isDark ? ChartTheme.Dark : ChartTheme.Light;
        double[] shares = Shares(((2, 1), 1), ((1, 1), 0.5), ((1, 2), double.NaN), ((1, 3), 7), ((2, 2), 1));
        using SKBitmap bitmap = SKBitmap.Decode(new MazeFigure("m", "d", Small, new MazeFrame("c", shares)) { Width = 330 }.ToPng(theme));
        Func<int, int, SKColor> at = Cells(bitmap, theme);
        SKColor wall = Colour(theme, ChartColour.Wall), open = Colour(theme, ChartColour.Background), path = Colour(theme, ChartColour.First);
        Assert.Equal(path, at(2, 1));
        Assert.Equal(path, at(1, 3));
        Assert.Equal(open, at(1, 2));
        Assert.Equal(open, at(2, 3));
        Assert.Equal(wall, at(2, 2));
        Assert.Equal(wall, at(0, 0));
        Assert.Equal(Colour(theme, ChartColour.Good), at(3, 1));
        Assert.Equal(Colour(theme, ChartColour.Bad), at(3, 3));
        SKColor between = at(1, 1);
        Assert.All([(open.Red, between.Red, path.Red), (open.Blue, between.Blue, path.Blue)], one => Assert.InRange(one.Item2 * 2, one.Item1 + one.Item3 - 3, one.Item1 + one.Item3 + 3));
    }

    [Fact]
    public void What_is_wrong_is_marked_in_the_last_frame_alone_and_only_where_that_was_asked_for()
    {
        // A second way round, so that something can be too much.
        Maze maze = Small;
        double[] shares = Shares(((3, 1), 1), ((2, 1), 0.4), ((1, 1), 1), ((1, 2), 1), ((1, 3), 1), ((2, 3), 1), ((3, 3), 1));
        ChartTheme theme = ChartTheme.Light;
        SKColor wrong = Colour(theme, ChartColour.Second), open = Colour(theme, ChartColour.Background);
        MazeFrame frame = new("c", shares);
        using SKBitmap marked = SKBitmap.Decode(new MazeFigure("m", "d", maze, frame) { MarksMistakes = true }.ToPng());
        using SKBitmap plain = SKBitmap.Decode(new MazeFigure("m", "d", maze, frame).ToPng());
        Assert.Equal(open, Cells(marked, theme)(2, 1));
        Assert.Contains(wrong, marked.Pixels);
        Assert.DoesNotContain(wrong, plain.Pixels);
        using SKBitmap unsaid = SKBitmap.Decode(new MazeFigure("m", "d", maze, new MazeFrame("c", [])) { MarksMistakes = true }.ToPng());
        Assert.Equal(open, Cells(unsaid, theme)(1, 2));

        Maze other = new(Open(["#####", "#...#", "#.#.#", "#.#.#", "#####"]), (3, 1), (1, 2));
        using SKBitmap much = SKBitmap.Decode(new MazeFigure("m", "d", other, frame) { MarksMistakes = true }.ToPng());
        Assert.Equal(wrong, Cells(much, theme)(2, 3));
    }

    [Theory]
    [InlineData(1, 330)]
    [InlineData(1, 1120)]
    [InlineData(6, 330)]
    [InlineData(6, 560)]
    [InlineData(6, 1120)]
    [InlineData(7, 560)]
    public void Nothing_lies_outside_at_any_width(int frames, int width)
    {
        foreach (int side in (int[])[5, 9, 33, 101])
        {
            Maze maze = Maze.Draw(side, new RandomNumbers(1, 0, side));
            MazeFigure figure = new("A maze being solved, with a title that takes more than one line where there is little room for it", "What is seen.", maze, [.. Moments(maze, frames)]);
            XElement svg = XElement.Parse(figure.ToElement(width, "wide"));
            double[] box = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(Number)];
            (double X, double Y)[] points =
            [
                .. svg.Elements("polygon").SelectMany(polygon => polygon.Attribute("points")!.Value.Split(' ')).Select(pair => pair.Split(',')).Select(pair => (Number(pair[0]), Number(pair[1]))),
                .. svg.Elements("text").SelectMany(text => new[] { (X(text, "x"), X(text, "y")), (X(text, "x") + X(text, "textLength"), X(text, "y")) }),
            ];
            Assert.All(points, point =>
            {
                Assert.InRange(point.X, 0, box[2]);
                Assert.InRange(point.Y, 0, box[3]);
            });
            Assert.DoesNotContain("NaN", figure.ToSvg(), StringComparison.Ordinal);
        }

        static double X(XElement element, string name) => Number(element.Attribute(name)!.Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(2_000)]
    public void An_animation_begins_and_ends_with_the_first_and_the_last_moment(int moments)
    {
        Maze maze = Small;
        using SKCodec codec = SKCodec.Create(new MemoryStream(MazeAnimation.ToGif(maze, [.. Moments(maze, moments)])));
        int count = Math.Max(codec.FrameCount, 1);
        Assert.InRange(count, Math.Min(moments, 40), 60);
        using SKBitmap bitmap = new(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        int[] filled = [.. Enumerable.Range(0, count).Select(frame =>
        {
            Assert.Equal(SKCodecResult.Success, codec.GetPixels(bitmap.Info, bitmap.GetPixels(), new SKCodecOptions(frame, frame - 1)));
            return bitmap.Pixels.Count(pixel => pixel == Colour(ChartTheme.Light, ChartColour.First));
        })];
        Assert.Equal(filled.Order(), filled);
        Assert.True(moments == 1 || filled[^1] > filled[0]);
        Assert.All(codec.FrameInfo, info => Assert.True(info.Duration >= 20 || moments == 1));
    }

    [Fact]
    public void An_animation_of_a_large_maze_takes_less_than_200_kB()
    {
        Maze maze = Maze.Draw(59, new RandomNumbers(1, 0, 59));
        Assert.InRange(MazeAnimation.ToGif(maze, [.. Moments(maze, 400)]).Length, 1_000, 200_000);
    }

    /// <summary>The path grows pixel by pixel, faint at first.</summary>
    private static IEnumerable<MazeFrame> Moments(Maze maze, int count)
    {
        for (int i = 1; i <= count; i++)
        {
            double reached = (double)i / count * maze.Path.Count;
            double[] shares = new double[maze.Side * maze.Side];
            foreach ((int place, (int row, int column)) in maze.Path.Index())
            {
                shares[(row * maze.Side) + column] = Math.Clamp((reached - place) / 3, 0, 1);
            }

            yield return new MazeFrame($"after {i} steps", i == count ? [.. shares.Select(Math.Ceiling)] : shares);
        }
    }

    private static double[] Shares(params ((int Row, int Column) Place, double Share)[] shares)
    {
        double[] all = new double[25];
        foreach (((int row, int column), double share) in shares)
        {
            all[(row * 5) + column] = share;
        }

        return all;
    }

    // The maze is the one square of whole pixels below title and legend: its top row is the first that is wall from its left end on.
    private static Func<int, int, SKColor> Cells(SKBitmap bitmap, ChartTheme theme)
    {
        SKColor wall = Colour(theme, ChartColour.Wall);
        int left = Margin * Figure.Scale;
        int top = Enumerable.Range(0, bitmap.Height).First(y => bitmap.GetPixel(left, y) == wall && bitmap.GetPixel(left + 40, y) == wall);
        int side = Enumerable.Range(left, bitmap.Width - left).TakeWhile(x => bitmap.GetPixel(x, top) == wall).Count();
        Assert.Equal(0, side % 5);
        return (row, column) => bitmap.GetPixel(left + (((2 * column) + 1) * side / 10), top + (((2 * row) + 1) * side / 10));
    }

    private static SKColor Colour(ChartTheme theme, ChartColour colour) => SKColor.Parse(theme.Code(colour));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static bool[,] Open(string[] cells)
    {
        bool[,] isOpen = new bool[cells.Length, cells.Length];
        for (int place = 0; place < isOpen.Length; place++)
        {
            isOpen[place / cells.Length, place % cells.Length] = cells[place / cells.Length][place % cells.Length] == '.';
        }

        return isOpen;
    }
}
