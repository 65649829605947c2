using Spectre.Console;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// A table as its cells are written, each with the blanks before it. A terminal that is narrower gets it with fewer blanks, and where that
/// is not enough in several parts below each other, each with the first column: nothing is cut or wrapped.
/// </summary>
internal static class ScreenTable
{
    /// <summary>Shows lines of cells, those of the heading among them.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="lines">
    /// Cells with Spectre's markup, all of a column equally wide; a line of one cell belongs to the one above it, and is shown once.
    /// </param>
    public static void Show(Terminal terminal, IReadOnlyList<string[]> lines)
    {
        string[][] rows = [.. lines];
        if (terminal.Width is { } width && rows.Max(row => row.Sum(Length)) > width)
        {
            rows = Narrowed(rows);
            List<int[]> parts = Parts(rows, width);
            foreach ((int number, int[] part) in parts.Index())
            {
                if (number > 0)
                {
                    terminal.Say();
                }

                foreach (string[] row in rows.Where(row => row.Length > 1 || number == 0))
                {
                    terminal.Say(row.Length == 1 ? row[0] : string.Concat(part.Select(column => row[column])));
                }
            }

            return;
        }

        foreach (string[] row in rows)
        {
            terminal.Say(string.Concat(row));
        }
    }

    /// <summary>How many columns a cell takes.</summary>
    public static int Length(string cell) => Markup.Remove(cell).Length;

    /// <summary>Blanks that every cell of a column begins with are left out, but for one.</summary>
    private static string[][] Narrowed(string[][] rows)
    {
        string[][] full = [.. rows.Where(row => row.Length > 1)];
        int[] excess =
        [
            .. Enumerable.Range(0, full[0].Length)
                .Select(column => column == 0 ? 0 : Math.Max(0, full.Min(row => Blanks(row[column])) - 1)),
        ];
        return [.. rows.Select(row => row.Length == 1 ? row : [.. row.Select((cell, column) => Without(cell, excess[column]))])];
    }

    private static int Blanks(string cell)
    {
        string text = Markup.Remove(cell);
        return text.Length - text.TrimStart(' ').Length;
    }

    // The blanks stand before the text, between the tags that open there.
    private static string Without(string cell, int blanks)
    {
        int at = 0;
        while (blanks > 0)
        {
            if (cell[at] == '[')
            {
                at = cell.IndexOf(']', at) + 1;
            }
            else
            {
                cell = cell.Remove(at, 1);
                blanks--;
            }
        }

        return cell;
    }

    private static List<int[]> Parts(string[][] rows, int width)
    {
        int[] widths = [.. Enumerable.Range(0, rows.Max(row => row.Length))
            .Select(column => rows.Where(row => row.Length > 1).Max(row => Length(row[column])))];
        List<int[]> parts = [];
        List<int> part = [0];
        for (int column = 1; column < widths.Length; column++)
        {
            if (part.Count > 1 && part.Sum(one => widths[one]) + widths[column] > width)
            {
                parts.Add([.. part]);
                part = [0];
            }

            part.Add(column);
        }

        parts.Add([.. part]);
        return parts;
    }
}
