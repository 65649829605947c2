namespace ImplicitNet.Cli.Options;

/// <summary>Text within a width: paragraphs, and terms with what is said of them beside, or below where there is little room.</summary>
/// <param name="output">Where it goes.</param>
/// <param name="width">Columns.</param>
internal sealed class HelpLayout(TextWriter output, int width)
{
    private const string Indent = "  ";
    private const string Gap = "  ";

    // Narrower, the column of descriptions would be of a few words.
    private const int LeastForColumns = 72;

    // A longer term has a line of its own.
    private const int WidestTerm = 28;

    // Such as the names of commands and exit codes: beside these there is room always.
    private const int WidestShort = 9;

    /// <summary>An empty line, and a heading.</summary>
    public void Heading(string title)
    {
        output.WriteLine();
        output.WriteLine($"{title}:");
    }

    /// <summary>A paragraph; lines that go on are indented by two more, and end with a mark where there is one.</summary>
    public void Paragraph(string text, string indent = "", string continuation = "") =>
        Write(indent, indent.Length > 0 ? indent + Indent : "", text, continuation);

    /// <summary>How wide the column of these terms is.</summary>
    public static int Column(IEnumerable<string> terms) =>
        terms.Select(term => term.Length).Where(length => length <= WidestTerm).DefaultIfEmpty(WidestTerm).Max();

    /// <summary>Terms and what is said of them, in two columns; where there is little room, one below the other.</summary>
    /// <param name="rows">A term and its description each.</param>
    /// <param name="column">Width of the terms; a longer one has a line of its own.</param>
    public void Rows(IReadOnlyList<(string Term, string Text)> rows, int column)
    {
        bool isNarrow = width < LeastForColumns && column > WidestShort;
        string hanging = isNarrow ? Indent + Indent + Indent : Indent + new string(' ', column) + Gap;
        foreach ((string term, string text) in rows)
        {
            if (isNarrow || term.Length > column)
            {
                Write(Indent, Indent + Indent, term, "");
                Write(hanging, hanging, text, "");
            }
            else
            {
                Write(Indent + term.PadRight(column) + Gap, hanging, text, "");
            }
        }
    }

    private void Write(string indent, string hanging, string text, string continuation)
    {
        string line = indent;
        bool isEmpty = true;
        foreach (string word in text.Split(' '))
        {
            string separator = isEmpty ? "" : " ";
            foreach (string piece in Pieces(word, width - hanging.Length, canBreak: continuation.Length == 0))
            {
                if (!isEmpty && line.Length + separator.Length + piece.Length + continuation.Length > width)
                {
                    output.WriteLine(line + continuation);
                    (line, separator) = (hanging, "");
                }

                line += separator + piece;
                (isEmpty, separator) = (false, "");
            }
        }

        output.WriteLine(line.TrimEnd());
    }

    /// <summary>A list that is wider than a line goes on behind a comma.</summary>
    private static IEnumerable<string> Pieces(string word, int room, bool canBreak)
    {
        int begin = 0;
        while (canBreak && word.Length - begin > room && word.LastIndexOf(',', begin + room - 1, room) is >= 0 and { } comma)
        {
            yield return word[begin..(comma + 1)];
            begin = comma + 1;
        }

        yield return word[begin..];
    }
}
