using SkiaSharp;

namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// Rows of pictures of one size, with the name of each row at its left and captions below the pictures, on white. A machine without any
/// font draws neither.
/// </summary>
internal static class PictureSheet
{
    private const double Margin = 12;
    private const double Gap = 6;
    private const double CaptionHeight = 17;

    // CSS pixels of a side at least, so that small pictures can be seen.
    private const int LeastSide = 96;

    private static readonly ChartFont Label = new(13);
    private static readonly ChartFont Caption = new(11.5);

    /// <summary>
    /// Draws as PNG, <see cref="Figure.Scale"/> times as many pixels as CSS pixels; pictures are enlarged by a whole number.
    /// </summary>
    /// <param name="rows">At least one, with as many pictures each.</param>
    public static byte[] ToPng(IReadOnlyList<PictureRow> rows)
    {
        SKSizeI size = Size(rows[0].Pictures[0].Png);
        int times = Math.Max(1, ((LeastSide * Figure.Scale) + size.Width - 1) / size.Width);
        double width = (double)times * size.Width / Figure.Scale, height = (double)times * size.Height / Figure.Scale;
        double names = Figure.HasLabels ? rows.Max(row => Label.Width(row.Name)) + Margin : 0;
        double captions = Figure.HasLabels ? CaptionHeight : 0;
        SKImageInfo info = new(
            Pixels((2 * Margin) + names + (rows[0].Pictures.Count * (width + Gap)) - Gap),
            Pixels((2 * Margin) + (rows.Count * (height + captions + Gap)) - Gap));
        using SKSurface surface = SKSurface.Create(info);
        surface.Canvas.Clear(SKColor.Parse(ChartTheme.Light.Code(ChartColour.Background)));
        surface.Canvas.Scale(Figure.Scale);
        PngCanvas canvas = new(surface.Canvas, ChartTheme.Light);
        foreach ((int row, PictureRow each) in rows.Index())
        {
            double top = Margin + (row * (height + captions + Gap));
            canvas.Text(each.Name, Margin, top + (height / 2) + (0.36 * Label.Size), Label, ChartColour.Text);
            foreach ((int column, (byte[] png, string caption)) in each.Pictures.Index())
            {
                double left = Margin + names + (column * (width + Gap));
                using SKImage image = SKImage.FromEncodedData(png);
                SKRect place = new((float)left, (float)top, (float)(left + width), (float)(top + height));
                surface.Canvas.DrawImage(image, place, SKSamplingOptions.Default);
                canvas.Text(caption, left + (width / 2), top + height + Caption.Size + 2, Caption, ChartColour.Faint, hold: 0.5);
            }
        }

        using SKImage drawn = surface.Snapshot();
        using SKData data = drawn.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    private static int Pixels(double length) => (int)Math.Ceiling(length * Figure.Scale);

    private static SKSizeI Size(byte[] png)
    {
        using SKBitmap bitmap = SKBitmap.Decode(png);
        return new SKSizeI(bitmap.Width, bitmap.Height);
    }
}
