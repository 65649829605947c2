using SkiaSharp;

namespace ImplicitNet.Reports.Drawing;

/// <summary>Draws on a bitmap.</summary>
/// <param name="canvas">Scaled to CSS pixels; the caller owns it.</param>
/// <param name="theme">Its colours.</param>
internal sealed class PngCanvas(SKCanvas canvas, ChartTheme theme) : ChartCanvas
{
    public override void Line(IReadOnlyList<(double X, double Y)> points, ChartPen pen)
    {
        using SKPaint paint = Stroke(pen);
        using SKPath path = Path(points);
        canvas.DrawPath(path, paint);
    }

    public override void Area(IReadOnlyList<(double X, double Y)> corners, ChartColour colour)
    {
        using SKPaint paint = Fill(colour);
        using SKPath path = Path(corners);
        path.Close();
        canvas.DrawPath(path, paint);
    }

    public override void Disc(double x, double y, double radius, ChartColour colour)
    {
        using SKPaint paint = Fill(colour);
        canvas.DrawCircle((float)x, (float)y, (float)radius, paint);
    }

    public override void Ring(double x, double y, double radius, ChartPen pen)
    {
        using SKPaint paint = Stroke(pen);
        canvas.DrawCircle((float)x, (float)y, (float)radius, paint);
    }

    public override void Text(string text, double x, double y, ChartFont font, ChartColour colour, double hold = 0)
    {
        if (font.Typeface is not { } typeface)
        {
            return;
        }

        using SKPaint paint = Fill(colour);
        double left = x - (hold * font.Width(text));
        foreach ((string part, ChartFont own, double rise) in font.Parts(text))
        {
            using SKFont letters = new(typeface, (float)own.Size) { LinearMetrics = true, Hinting = SKFontHinting.None, Subpixel = true };
            canvas.DrawText(part, (float)left, (float)(y - rise), SKTextAlign.Left, letters, paint);
            left += own.Width(part);
        }
    }

    private static SKPath Path(IReadOnlyList<(double X, double Y)> points)
    {
        SKPath path = new();
        path.MoveTo((float)points[0].X, (float)points[0].Y);
        foreach ((double x, double y) in points.Skip(1))
        {
            path.LineTo((float)x, (float)y);
        }

        return path;
    }

    private SKPaint Fill(ChartColour colour) => new() { IsAntialias = true, Color = Colour(colour) };

    private SKPaint Stroke(ChartPen pen)
    {
        using SKPathEffect? dashes =
            pen.Dash.Lengths is { } lengths ? SKPathEffect.CreateDash([.. lengths.Select(length => (float)length)], 0) : null;
        return new SKPaint
        {
            IsAntialias = true,
            Color = Colour(pen.Colour),
            Style = SKPaintStyle.Stroke,
            StrokeWidth = (float)pen.Width,
            StrokeJoin = SKStrokeJoin.Round,
            PathEffect = dashes,
        };
    }

    private SKColor Colour(ChartColour colour) =>
        SKColor.Parse(theme.Code(colour)).WithAlpha((byte)Math.Round(255 * colour.Opacity));
}
