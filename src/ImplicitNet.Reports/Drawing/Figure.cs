using System.Globalization;
using System.Net;
using ImplicitNet.Files;
using SkiaSharp;

namespace ImplicitNet.Reports.Drawing;

/// <summary>A drawing that can be made at any width: as SVG, in a page or a file of its own, and as PNG.</summary>
/// <remarks>
/// In a file of its own letters are outlines: the same on every machine, whatever fonts it has, and by every renderer, few of which heed
/// the length of a text. In a page they are text, since a browser has fonts, and a reader may select, search and have read out.
/// </remarks>
/// <param name="title">The title, which is also drawn.</param>
/// <param name="description">What is seen, for those who cannot see it, with the main numbers.</param>
internal abstract class Figure(string title, string description)
{
    /// <summary>PNG pixels per CSS pixel, for sharp text on dense screens and paper.</summary>
    public const int Scale = 2;

    /// <summary>The width of parts that stand one below the other: little enough to be read on a phone that shrinks it to 340.</summary>
    public const int StandardWidth = 560;

    private const int Radius = 8;

    /// <summary>The title.</summary>
    public string Title { get; } = Visible(title);

    /// <summary>What is seen.</summary>
    public string Description { get; } = Visible(description);

    /// <summary>The width as a file, in CSS pixels; <see cref="StandardWidth"/> by default.</summary>
    public int Width { get; init; } = StandardWidth;

    /// <summary>Whether it has parts side by side, so that a page gives it its whole width.</summary>
    public abstract bool IsBroad { get; }

    /// <summary>Whether this machine has a font; without one a PNG has no titles and labels.</summary>
    public static bool HasLabels => ChartFont.IsAvailable;

    /// <summary>Draws as PNG, <see cref="Scale"/> times as many pixels wide.</summary>
    /// <param name="theme">Its colours; by default those on white.</param>
    public byte[] ToPng(ChartTheme? theme = null)
    {
        theme ??= ChartTheme.Light;
        FigureLayout layout = Place(Width);
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Width * Scale, layout.Height * Scale));
        surface.Canvas.Clear(SKColor.Parse(theme.Code(ChartColour.Background)));
        surface.Canvas.Scale(Scale);
        layout.Draw(new PngCanvas(surface.Canvas, theme));
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    /// <summary>
    /// Draws as a file that needs nothing else: light or dark as whoever shows it asks, on a ground of its own, so that it can be read
    /// where nobody asks.
    /// </summary>
    public string ToSvg()
    {
        FigureLayout layout = Place(Width);
        SvgGlyphs glyphs = new();
        SvgCanvas canvas = new(glyphs);
        layout.Draw(canvas);
        string dark = ChartTheme.Dark.Css(canvas.Roles.Prepend(ChartColour.Background.Role));
        string light = ChartTheme.Light.Code(ChartColour.Background);
        return string.Create(
                CultureInfo.InvariantCulture,
                $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{layout.Height}\" ")
            + string.Create(CultureInfo.InvariantCulture, $"viewBox=\"0 0 {Width} {layout.Height}\" role=\"img\">\n")
            + $"<title>{WebUtility.HtmlEncode(Title)}</title>\n<desc>{WebUtility.HtmlEncode(Description)}</desc>\n"
            + $"<style>@media (prefers-color-scheme: dark) {{{dark}}}</style>\n<defs>{glyphs.Definitions}</defs>\n"
            + $"<rect width=\"100%\" height=\"100%\" rx=\"{Radius}\" fill=\"{light}\" class=\"f{ChartColour.Background.Role}\"/>\n"
            + $"{canvas.Content}</svg>\n";
    }

    /// <summary>Draws as an element of a page, whose style sheet gives the colours of the dark theme on dark screens.</summary>
    /// <param name="width">In CSS pixels; the page may stretch or shrink it.</param>
    /// <param name="kind">A class of the style sheet.</param>
    public string ToElement(int width, string kind)
    {
        FigureLayout layout = Place(width);
        SvgCanvas canvas = new(glyphs: null);
        layout.Draw(canvas);
        return string.Create(CultureInfo.InvariantCulture, $"<svg class=\"{kind}\" viewBox=\"0 0 {width} {layout.Height}\" role=\"img\" ")
            + $"aria-label=\"{WebUtility.HtmlEncode($"{Title}. {Description}")}\">\n{canvas.Content}</svg>\n";
    }

    /// <summary>Draws into a file, whole or not at all: SVG where the name ends in .svg, PNG where it ends in .png.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="ArgumentException">The name ends in neither.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        switch (Path.GetExtension(path).ToUpperInvariant())
        {
            case ".PNG":
                byte[] png = ToPng();
                AtomicFile.Write(path, stream => stream.Write(png));
                break;
            case ".SVG":
                AtomicFile.WriteText(path, ToSvg());
                break;
            default:
                throw new ArgumentException($"A figure is saved as .png or .svg; the name given is '{path}'.", nameof(path));
        }
    }

    /// <summary>Places everything at a width in CSS pixels.</summary>
    protected abstract FigureLayout Place(double width);

    /// <summary>No XML may hold a control character.</summary>
    private static string Visible(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
