using System.Text;

namespace ImplicitNet.Reports;

/// <summary>Writes tables in GitHub's Markdown.</summary>
internal static class MarkdownTable
{
    /// <summary>The table, columns of numbers but the first aligned to the right, ending with a line end.</summary>
    /// <param name="table">The table; vertical bars in it are escaped.</param>
    public static string Format(ReportTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        StringBuilder text = new();
        Row(text, table.Header);
        text.Append('|').AppendJoin('|', table.Header.Select((_, column) => column > 0 && table.IsNumeric(column) ? "---:" : "---")).Append(
            "|\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            Row(text, row);
        }

        return text.ToString();
    }

    private static void Row(StringBuilder text, IReadOnlyList<string> cells) =>
        text.Append("| ").AppendJoin(" | ",
            cells.Select(cell => cell.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
