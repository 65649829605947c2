using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data;
using SkiaSharp;

namespace ImplicitNet.Reports.Mazes;

/// <summary>A maze being solved, as an animated GIF.</summary>
internal static class MazeAnimation
{
    private const int Side = 476;
    private const int Margin = 12;
    private const int CaptionHeight = 36;

    // And a transparent one: 6 bits.
    private const int MostColours = 63;
    private const int MostFrames = 48;

    // Steps shown for steps made grow along the way: most happens at the beginning.
    private const double Haste = 1.5;

    // In hundredths of a second: the whole takes some seconds however many steps there are, and its end stays.
    private const int First = 80;
    private const int Last = 350;
    private const int Between = 500;
    private const int LeastBetween = 4;
    private const int MostBetween = 40;

    private static readonly ChartFont Font = new(19);

    /// <summary>Draws it, repeating for ever.</summary>
    /// <param name="maze">The maze.</param>
    /// <param name="moments">At least one, in order; of more than 48, so many are shown, the first and the last included.</param>
    /// <param name="theme">Its colours; by default those on white.</param>
    /// <param name="marksMistakes">Whether the last moment shows what is wrong in it.</param>
    public static byte[] ToGif(Maze maze, IReadOnlyList<MazeFrame> moments, ChartTheme? theme = null, bool marksMistakes = false)
    {
        MazeFrame[] frames = Shown(moments);
        int cell = Math.Max(Side / maze.Side, 2);
        int width = (cell * maze.Side) + (2 * Margin), height = (cell * maze.Side) + Margin + CaptionHeight;
        IEnumerable<uint[]> pictures = frames.Select((frame, i) =>
            Picture(new MazeDrawing(maze, marksMistakes && i == frames.Length - 1), frame, height, width, cell, theme ?? ChartTheme.Light));
        GifColours colours = new(pictures, MostColours);
        GifAnimation gif = new(height, width, colours.Palette);
        int each = Math.Clamp(Between / Math.Max(frames.Length - 2, 1), LeastBetween, MostBetween);
        foreach ((int i, uint[] pixels) in pictures.Index())
        {
            gif.Add(colours.Places(pixels), i == frames.Length - 1 ? Last : i == 0 ? First : each);
        }

        return gif.ToBytes();
    }

    private static MazeFrame[] Shown(IReadOnlyList<MazeFrame> moments) => moments.Count <= MostFrames
        ? [.. moments]
        : [.. Enumerable.Range(0, MostFrames)
            .Select(i => (int)Math.Round((moments.Count - 1) * Math.Pow(i / (MostFrames - 1.0), Haste))).Distinct()
            .Select(i => moments[i])];

    private static uint[] Picture(MazeDrawing drawing, MazeFrame frame, int height, int width, int cell, ChartTheme theme)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKCanvas canvas = new(bitmap);
        canvas.Clear(SKColor.Parse(theme.Code(ChartColour.Background)));
        PngCanvas png = new(canvas, theme);
        png.Text(frame.Caption, Margin, Margin + 15, Font, ChartColour.Text);
        drawing.Draw(png, Margin, CaptionHeight, cell, frame.Shares);
        return [.. bitmap.Pixels.Select(pixel => (uint)pixel & 0xFFFFFF)];
    }
}
