using ImplicitNet.Training.Files;
using ScottPlot;

namespace ImplicitNet.Training.Reports;

/// <summary>A chart that can be drawn in any theme, as PNG or SVG.</summary>
public sealed class Chart
{
    /// <summary>Width in CSS pixels; a PNG has <see cref="Scale"/> times as many.</summary>
    public const int Width = 640;

    /// <summary>Height in CSS pixels; a PNG has <see cref="Scale"/> times as many.</summary>
    public const int Height = 380;

    /// <summary>PNG pixels per CSS pixel, for sharp text on dense screens and paper.</summary>
    public const int Scale = 2;

    private readonly Func<ChartTheme, Plot> _draw;

    internal Chart(string title, string description, Func<ChartTheme, Plot> draw) => (Title, Description, _draw) = (title, description, draw);

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
        using Plot plot = _draw(theme ?? ChartTheme.Light);
        plot.ScaleFactor = Scale;
        return plot.GetImageBytes(Width * Scale, Height * Scale, ImageFormat.Png);
    }

    /// <summary>Draws as SVG, which has no dashed lines: series differ by their colours only.</summary>
    /// <param name="theme">The colours; light by default.</param>
    public string ToSvg(ChartTheme? theme = null)
    {
        using Plot plot = _draw(theme ?? ChartTheme.Light);

        // Skia leaves dashes out of SVG and says so on the error stream, once for each.
        foreach (IHasLine line in plot.GetPlottables().OfType<IHasLine>().Concat(plot.Legend.ManualItems))
        {
            line.LinePattern = LinePattern.Solid;
        }

        return plot.GetSvgXml(Width, Height);
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
