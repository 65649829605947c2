using SkiaSharp;

namespace ImplicitNet.Reports.Drawing;

/// <summary>A size of the font of charts: a plain sans-serif one that the machine has.</summary>
/// <param name="Size">In CSS pixels.</param>
/// <param name="IsBold">Whether it is bold.</param>
/// <remarks>
/// Skia without fontconfig knows the fonts under the usual folders but maps no generic names, so "sans-serif" may find nothing. A
/// machine without any font, as servers often are, still draws charts: a PNG has no labels then, and an SVG leaves the shapes of its
/// letters to whoever shows it.
/// </remarks>
internal readonly record struct ChartFont(double Size, bool IsBold = false)
{
    // What letters take on average, where none can be measured.
    private const double UsualWidth = 0.55;
    private const double SmallSize = 0.7;
    private const double SmallRise = 0.35;

    // In the order of how well they look small; the first that exists is taken.
    private static readonly string[] Families =
    [
        "Inter", "Segoe UI", "Helvetica Neue", "Roboto", "Open Sans", "Noto Sans", "Liberation Sans", "Arial", "DejaVu Sans",
    ];

    /// <summary>The family in which widths are measured.</summary>
    public static string Family { get; } =
        Families.FirstOrDefault(Exists) ?? SKFontManager.Default.FontFamilies.FirstOrDefault() ?? Families[^1];

    private static readonly SKTypeface? Regular = SKTypeface.FromFamilyName(Family);
    private static readonly SKTypeface? Bold = SKTypeface.FromFamilyName(Family, SKFontStyle.Bold);

    /// <summary>Whether any font was found, that is, whether a PNG has labels.</summary>
    /// <remarks>Skia counts one family even then, an empty one, so letters are asked for.</remarks>
    public static bool IsAvailable { get; } = Contains("Epoch 0123456789");

    /// <summary>The sign before a negative number: a true minus where the font has one.</summary>
    public static string Minus { get; } = !IsAvailable || Contains("−") ? "−" : "-";

    /// <summary>The shapes of its letters; null where there is no font.</summary>
    public SKTypeface? Typeface => !IsAvailable ? null : IsBold ? Bold ?? Regular : Regular;

    /// <summary>
    /// The parts of a text that are drawn one behind the other: superscripts, which many fonts lack, are small digits, so much above the
    /// base line.
    /// </summary>
    public IEnumerable<(string Text, ChartFont Font, double Rise)> Parts(string text)
    {
        ChartFont small = this with { Size = SmallSize * Size };
        double rise = SmallRise * Size;
        int begin = 0;
        for (int end = 1; end <= text.Length; end++)
        {
            bool isSmall = IsSuperscript(text[begin]);
            if (end == text.Length || IsSuperscript(text[end]) != isSmall)
            {
                string part = text[begin..end];
                yield return isSmall ? (string.Concat(part.Select(Plain)), small, rise) : (part, this, 0);
                begin = end;
            }
        }
    }

    /// <summary>The width of a text in CSS pixels.</summary>
    public double Width(string text)
    {
        if (Typeface is not { } typeface)
        {
            return UsualWidth * Size * text.Length;
        }

        double width = 0;
        foreach ((string part, ChartFont own, _) in Parts(text))
        {
            using SKFont font = new(typeface, (float)own.Size) { LinearMetrics = true, Hinting = SKFontHinting.None };
            width += font.MeasureText(part);
        }

        return width;
    }

    /// <summary>A text in as many lines as a width takes, broken between words.</summary>
    public IReadOnlyList<string> Wrap(string text, double width)
    {
        List<string> lines = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && Width($"{lines[^1]} {word}") <= width)
            {
                lines[^1] += " " + word;
            }
            else
            {
                lines.Add(word);
            }
        }

        return lines;
    }

    private static bool Exists(string family) => SKFontManager.Default.FontFamilies.Contains(family, StringComparer.OrdinalIgnoreCase);

    private static bool IsSuperscript(char letter) => WrittenNumber.Superscripts.Contains(letter, StringComparison.Ordinal);

    private static char Plain(char superscript)
    {
        int index = WrittenNumber.Superscripts.IndexOf(superscript, StringComparison.Ordinal);
        return index > 0 ? (char)('0' + index - 1) : Minus[0];
    }

    private static bool Contains(string text) => Regular is not null && Regular.ContainsGlyphs(text);
}
