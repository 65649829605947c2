using System.Text;
using ImplicitNet.Files;
using ScottPlot;
using SkiaSharp;

namespace ImplicitNet.Reports;

/// <summary>A chart that can be drawn in any theme, as PNG or SVG.</summary>
internal sealed class Chart
{
    /// <summary>PNG pixels per CSS pixel, for sharp text on dense screens and paper.</summary>
    public const int Scale = 2;

    internal const int StandardWidth = 640;
    internal const int StandardHeight = 380;

    private readonly Func<ChartTheme, IReadOnlyList<ChartPanel>> _draw;

    internal Chart(string title, string description, Func<ChartTheme, Plot> draw)
        : this(
            title,
            description,
            StandardWidth,
            StandardHeight,
            theme => [new ChartPanel(draw(theme), new PixelRect(0, StandardWidth, StandardHeight, 0))])
    {
    }

    internal Chart(string title, string description, int width, int height, Func<ChartTheme, IReadOnlyList<ChartPanel>> draw) =>
        (Title, Description, Width, Height, _draw) = (title, description, width, height, draw);

    /// <summary>Width in CSS pixels; a PNG has <see cref="Scale"/> times as many.</summary>
    public int Width { get; }

    /// <summary>Height in CSS pixels; a PNG has <see cref="Scale"/> times as many.</summary>
    public int Height { get; }

    /// <summary>The title, which is also drawn.</summary>
    public string Title { get; }

    /// <summary>What is seen, for those who cannot see it, with the main numbers.</summary>
    public string Description { get; }

    /// <summary>Whether this machine has a font; without one, charts are drawn without titles and labels.</summary>
    public static bool HasLabels => ChartFont.IsAvailable;

    /// <summary>Draws as PNG.</summary>
    /// <param name="theme">The colours; light by default.</param>
    public byte[] ToPng(ChartTheme? theme = null)
    {
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Width * Scale, Height * Scale));
        foreach (ChartPanel panel in _draw(theme ?? ChartTheme.Light))
        {
            using ChartPanel owned = panel;
            panel.Draw(surface.Canvas, Scale);
        }

        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    /// <summary>Draws as SVG, which has no dashed lines: series differ by their colours and markers only.</summary>
    /// <param name="theme">The colours; light by default.</param>
    public string ToSvg(ChartTheme? theme = null)
    {
        using MemoryStream stream = new();

        // The end of the document is written when the canvas is disposed.
        using (SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(Width, Height), stream))
        {
            foreach (ChartPanel panel in _draw(theme ?? ChartTheme.Light))
            {
                using ChartPanel owned = panel;

                // Skia leaves dashes out of SVG and says so on the error stream, once for each.
                foreach (IHasLine line in panel.Plot.GetPlottables().OfType<IHasLine>().Concat(panel.Plot.Legend.ManualItems))
                {
                    line.LinePattern = LinePattern.Solid;
                }

                panel.Draw(canvas, scale: 1);
            }
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Draws into a file, whole or not at all: SVG where the name ends in .svg, PNG where it ends in .png.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="theme">The colours; light by default.</param>
    /// <exception cref="ArgumentException">The name ends in neither.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public void Save(string path, ChartTheme? theme = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        switch (Path.GetExtension(path).ToUpperInvariant())
        {
            case ".PNG":
                byte[] png = ToPng(theme);
                AtomicFile.Write(path, stream => stream.Write(png));
                break;
            case ".SVG":
                AtomicFile.WriteText(path, ToSvg(theme));
                break;
            default:
                throw new ArgumentException($"A chart is saved as .png or .svg; the name given is '{path}'.", nameof(path));
        }
    }
}
