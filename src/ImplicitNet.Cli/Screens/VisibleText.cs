using System.Globalization;
using System.Text;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// Text that comes from outside (paths, names in files, messages of the system) made safe to show: what a terminal obeys instead of
/// showing, or what changes the order of letters, is written out, such as \u001B for ESC.
/// </summary>
internal static class VisibleText
{
    // Persian and Indic scripts and composed emoji need them, and no terminal obeys them.
    private static readonly Rune ZeroWidthNonJoiner = new(0x200C);
    private static readonly Rune ZeroWidthJoiner = new(0x200D);

    /// <summary>The text in one line that shows all of it.</summary>
    public static string Of(string text)
    {
        if (!text.EnumerateRunes().Any(IsObeyed))
        {
            return text;
        }

        StringBuilder visible = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            visible.Append(!IsObeyed(rune) ? rune.ToString() : rune.Value switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                <= char.MaxValue => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            });
        }

        return visible.ToString();
    }

    /// <summary>The text with its lines and tabs, each of which shows all of it.</summary>
    public static string OfLines(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.Value is '\n' or '\r' or '\t' ? rune.ToString() : Of(rune.ToString())));

    /// <summary>
    /// Control characters (C0, DEL, C1), and Unicode's format characters, among them those that turn the direction of writing.
    /// </summary>
    private static bool IsObeyed(Rune rune) => rune != ZeroWidthJoiner && rune != ZeroWidthNonJoiner && Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
