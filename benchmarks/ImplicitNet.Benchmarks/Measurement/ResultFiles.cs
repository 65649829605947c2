using System.Text.Json;
using System.Text.Json.Serialization;
using ImplicitNet.Files;
using ImplicitNet.Reports;

namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>Where a benchmark leaves its figures beside the terminal.</summary>
internal static class ResultFiles
{
    // A ratio of a run that failed may be NaN: it is written as such, and not as a number.
    private static readonly JsonSerializerOptions Compact = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>Writes what was asked for, each file whole or not at all.</summary>
    /// <param name="json">A file for the whole result; null for none.</param>
    /// <param name="result">That result.</param>
    /// <param name="markdown">A file for the tables; null for none.</param>
    /// <param name="machine">Said above the tables.</param>
    /// <param name="tables">With their titles.</param>
    /// <exception cref="IOException">A file could not be written.</exception>
    public static void Write<T>(
        string? json, T result, string? markdown, Machine machine, params IReadOnlyList<(string Title, ReportTable Table)> tables)
    {
        if (json is not null)
        {
            AtomicFile.WriteText(json, JsonSerializer.Serialize(result, Indented) + "\n");
        }

        if (markdown is not null)
        {
            IEnumerable<string> parts = tables.Select(table => $"**{table.Title}**\n\n{MarkdownTable.Format(table.Table)}");
            AtomicFile.WriteText(markdown, $"Machine: {machine}; {machine.System}; {machine.Runtime}.\n\n{string.Join('\n', parts)}");
        }
    }

    /// <summary>The result of a child process, on one line.</summary>
    public static string Line<T>(T result) => JsonSerializer.Serialize(result, Compact);

    /// <summary>Reads such a line.</summary>
    public static T Parse<T>(string line) => JsonSerializer.Deserialize<T>(line, Compact)!;
}
