using SkiaSharp;

namespace ImplicitNet.Tests.Cli.Images;

/// <summary>Draws test pictures and stores them.</summary>
internal static class Drawing
{
    /// <summary>A picture of one colour with something drawn on it.</summary>
    public static SKBitmap Draw(int width, int height, SKColor ground, Action<SKCanvas> draw)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(ground);
        draw(canvas);
        return bitmap;
    }

    /// <summary>Stores and disposes a picture; returns its path.</summary>
    public static string Save(this SKBitmap bitmap, string path, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        File.WriteAllBytes(path, bitmap.Encoded(format));
        return path;
    }

    /// <summary>Encodes and disposes a picture.</summary>
    public static byte[] Encoded(this SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using (bitmap)
        {
            using SKData data = bitmap.Encode(format, 95);
            return data.ToArray();
        }
    }

    /// <summary>Draws a two-like figure in a box with a pen.</summary>
    public static void Two(this SKCanvas canvas, SKRect box, float pen, SKColor ink)
    {
        using var path = new SKPath();
        path.MoveTo(box.Left, box.Top + (box.Height * 0.3f));
        path.CubicTo(box.Left, box.Top - (box.Height * 0.1f), box.Right, box.Top - (box.Height * 0.1f), box.Right, box.Top + (box.Height * 0.3f));
        path.CubicTo(box.Right, box.MidY, box.Left, box.Bottom - (box.Height * 0.2f), box.Left, box.Bottom);
        path.LineTo(box.Right, box.Bottom);
        using var paint = new SKPaint
        {
            Color = ink,
            Style = SKPaintStyle.Stroke,
            StrokeWidth = pen,
            IsAntialias = true,
            StrokeCap = SKStrokeCap.Round,
        };
        canvas.DrawPath(path, paint);
    }
}
