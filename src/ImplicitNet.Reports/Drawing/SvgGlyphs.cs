using System.Globalization;
using System.Text;
using SkiaSharp;

namespace ImplicitNet.Reports.Drawing;

/// <summary>The outlines of the letters of one SVG, each once.</summary>
internal sealed class SvgGlyphs
{
    private readonly Dictionary<(bool IsBold, ushort Glyph), string> _outlines = [];

    /// <summary>The definitions that <see cref="Use"/> refers to.</summary>
    public string Definitions => string.Concat(_outlines
        .Where(outline => outline.Value.Length > 0)
        .Select(outline => $"<path id=\"{Name(outline.Key)}\" d=\"{outline.Value}\"/>"));

    /// <summary>The letters of a text side by side, in CSS pixels from its beginning on the base line.</summary>
    /// <returns>Null where there is no font, or it lacks a letter.</returns>
    public string? Use(string text, ChartFont font)
    {
        (string Text, ChartFont Font, double Rise)[] parts = [.. font.Parts(text)];
        if (font.Typeface is not { } typeface || !Array.TrueForAll(parts, part => typeface.ContainsGlyphs(part.Text)))
        {
            return null;
        }

        StringBuilder svg = new();
        double left = 0;
        foreach ((string part, ChartFont own, double rise) in parts)
        {
            string scale = (own.Size / typeface.UnitsPerEm).ToString("0.######", CultureInfo.InvariantCulture);
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({left:0.##} {-rise:0.##}) scale({scale})\">");
            AppendLetters(svg, part, typeface, font.IsBold);
            svg.Append("</g>");
            left += own.Width(part);
        }

        return svg.ToString();
    }

    private void AppendLetters(StringBuilder svg, string text, SKTypeface typeface, bool isBold)
    {
        using SKFont units = new(typeface, typeface.UnitsPerEm) { LinearMetrics = true, Hinting = SKFontHinting.None };
        ushort[] glyphs = units.GetGlyphs(text);
        double x = 0;
        foreach ((ushort glyph, float width) in glyphs.Zip(units.GetGlyphWidths(glyphs)))
        {
            if (!_outlines.TryGetValue((isBold, glyph), out string? outline))
            {
                using SKPath? path = units.GetGlyphPath(glyph);
                _outlines[(isBold, glyph)] = outline = path?.ToSvgPathData() ?? "";
            }

            if (outline.Length > 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<use href=\"#{Name((isBold, glyph))}\" x=\"{x:0.#}\"/>");
            }

            x += width;
        }
    }

    private static string Name((bool IsBold, ushort Glyph) key) =>
        string.Create(CultureInfo.InvariantCulture, $"{(key.IsBold ? 'b' : 'r')}{key.Glyph}");
}
