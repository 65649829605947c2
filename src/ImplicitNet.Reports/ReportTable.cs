namespace ImplicitNet.Reports;

/// <summary>A table of a report: plain texts, with numbers written as they shall be read.</summary>
internal sealed record ReportTable
{
    /// <summary>Makes a table.</summary>
    /// <param name="header">The columns' names; at least one.</param>
    /// <param name="rows">The rows, each with as many texts as there are columns.</param>
    /// <exception cref="ArgumentException">There is no column, or a row has another number of texts.</exception>
    public ReportTable(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(rows);
        if (header.Count == 0)
        {
            throw new ArgumentException("A table needs at least one column.", nameof(header));
        }

        for (int row = 0; row < rows.Count; row++)
        {
            if (rows[row].Count != header.Count)
            {
                throw new ArgumentException($"Row {row} has {rows[row].Count} texts, but there are {header.Count} columns.", nameof(rows));
            }
        }

        (Header, Rows) = (header, rows);
    }

    /// <summary>The columns' names.</summary>
    public IReadOnlyList<string> Header { get; }

    /// <summary>The rows, each with one text per column.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows { get; }

    /// <summary>
    /// Whether a column holds numbers, also with a sign, a unit or a deviation after them, which stand right-aligned below each other.
    /// </summary>
    internal bool IsNumeric(int column) => Rows.Count > 0 && Rows.All(row =>
        row[column] is "" or "-" or "–" or "NaN" || char.IsAsciiDigit(row[column].TrimStart('-', '+', '−', '±').FirstOrDefault()));

    /// <summary>A table of names and values, such as settings.</summary>
    /// <param name="pairs">Names and values in the order to show.</param>
    public static ReportTable OfPairs(IEnumerable<KeyValuePair<string, string>> pairs) =>
        new(["Name", "Value"], [.. pairs.Select(pair => new[] { pair.Key, pair.Value })]);
}
