namespace ImplicitNet.Training.Data.Series;

/// <summary>Takes a line of comma-separated values apart: cells, perhaps in double quotes, in which two stand for one.</summary>
internal static class CsvLine
{
    /// <summary>Finds the cells of a line, without blanks around them and, where they are quoted, without the quotes.</summary>
    /// <param name="line">The line.</param>
    /// <param name="cells">Receives the cells.</param>
    /// <returns>What is wrong with the line; null when nothing is.</returns>
    public static string? Split(string line, List<string> cells)
    {
        cells.Clear();
        int place = 0;
        while (true)
        {
            while (place < line.Length && line[place] is ' ' or '\t')
            {
                place++;
            }

            if (place < line.Length && line[place] == '"')
            {
                int end = place + 1;
                while (end < line.Length && (line[end] != '"' || (end + 1 < line.Length && line[end + 1] == '"')))
                {
                    end += line[end] == '"' ? 2 : 1;
                }

                if (end >= line.Length)
                {
                    return $"a quote that opens at character {place + 1} does not close on its line.";
                }

                cells.Add(line[(place + 1)..end].Replace("\"\"", "\"", StringComparison.Ordinal).Trim());
                place = end + 1;
                int next = line.IndexOf(',', place);
                int stop = next < 0 ? line.Length : next;
                if (!string.IsNullOrWhiteSpace(line[place..stop]))
                {
                    return $"character {place + 1}: behind a quoted cell a comma is expected.";
                }

                place = stop;
            }
            else
            {
                int next = line.IndexOf(',', place);
                int stop = next < 0 ? line.Length : next;
                cells.Add(line[place..stop].Trim());
                place = stop;
            }

            if (place == line.Length)
            {
                return null;
            }

            place++;
        }
    }
}
