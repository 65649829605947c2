using System.Text;

namespace ImplicitNet.Cli.Screens;

/// <summary>Breaks a line of markup between words, so that what goes on is indented.</summary>
internal static class WrappedMarkup
{
    /// <summary>The line, with a break in place of a blank wherever it would be wider.</summary>
    /// <param name="markup">Text with Spectre's markup; a tag may reach over breaks.</param>
    /// <param name="width">Columns.</param>
    /// <param name="hanging">Blanks before what goes on.</param>
    /// <param name="isPadded">Whether lines that are broken are filled up with blanks, to cover what stood there.</param>
    /// <returns>The text, and the width of its last line.</returns>
    public static (string Text, int Last) Of(string markup, int width, int hanging, bool isPadded)
    {
        StringBuilder text = new(markup.Length + 32);
        (int column, int blank, int blankColumn) = (0, -1, 0);
        for (int i = 0; i < markup.Length; i++)
        {
            bool isEscaped = i + 1 < markup.Length && markup[i] is '[' or ']' && markup[i] == markup[i + 1];
            if (markup[i] == '[' && !isEscaped)
            {
                int end = markup.IndexOf(']', i);
                text.Append(markup, i, end - i + 1);
                i = end;
                continue;
            }

            if (markup[i] == ' ' && column > hanging)
            {
                (blank, blankColumn) = (text.Length, column);
            }

            text.Append(markup, i, isEscaped ? 2 : 1);
            i += isEscaped ? 1 : 0;
            column++;
            if (column > width && blank >= 0 && markup[i] != ' ')
            {
                string padding = isPadded ? new string(' ', Math.Max(0, width - 1 - blankColumn)) : "";
                text.Remove(blank, 1).Insert(blank, $"{padding}\n{new string(' ', hanging)}");
                (column, blank) = (column - blankColumn - 1 + hanging, -1);
            }
        }

        return (text.ToString(), column);
    }
}
