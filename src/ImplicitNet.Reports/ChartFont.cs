using SkiaSharp;

namespace ImplicitNet.Reports;

/// <summary>The font of charts: a plain sans-serif one that the machine has.</summary>
/// <remarks>
/// Skia without fontconfig knows the fonts under the usual folders but maps no generic names, so "sans-serif" may find nothing. On a
/// machine without any font charts are drawn all the same, but their labels are missing.
/// </remarks>
internal static class ChartFont
{
    private const string Superscripts = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";

    // In the order of how well they look small; the first that exists is taken.
    private static readonly string[] Families =
    [
        "Inter", "Segoe UI", "Helvetica Neue", "Roboto", "Open Sans", "Noto Sans", "Liberation Sans", "Arial", "DejaVu Sans",
    ];

    /// <summary>The family's name.</summary>
    public static string Family { get; } =
        Families.FirstOrDefault(Exists) ?? SKFontManager.Default.FontFamilies.FirstOrDefault() ?? Families[^1];

    /// <summary>Whether any font was found, that is, whether charts have labels.</summary>
    /// <remarks>Skia counts one family even then, an empty one, so letters are asked for.</remarks>
    public static bool IsAvailable { get; } = Contains("Epoch 0123456789");

    /// <summary>The sign before a negative number: a true minus where the font has one.</summary>
    public static string Minus { get; } = Contains("−") ? "−" : "-";

    /// <summary>A power of ten as text: with superscripts where the font has them.</summary>
    public static string PowerOfTen(int exponent)
    {
        if (exponent is 0 or 1)
        {
            return exponent == 0 ? "1" : "10";
        }

        string digits = exponent.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return HasSuperscripts
            ? "10" + string.Concat(digits.Select(digit => Superscripts[digit == '-' ? 0 : digit - '0' + 1]))
            : "1e" + digits;
    }

    private static bool HasSuperscripts { get; } = Contains(Superscripts);

    private static bool Exists(string family) => SKFontManager.Default.FontFamilies.Contains(family, StringComparer.OrdinalIgnoreCase);

    private static bool Contains(string text)
    {
        using SKTypeface typeface = SKTypeface.FromFamilyName(Family);
        return typeface is not null && typeface.ContainsGlyphs(text);
    }
}
