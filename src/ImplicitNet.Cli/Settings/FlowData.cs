namespace ImplicitNet.Cli.Settings;

/// <summary>What flows are trained on, by name: "annuli", "swap", or "csv:" and the file of a table of time series.</summary>
internal static class FlowData
{
    public const string Annuli = "annuli";

    public const string Swap = "swap";

    private const string Csv = "csv:";

    /// <summary>All of them; of tables the form of their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Annuli, Swap, $"{Csv}FILE"];

    /// <summary>Whether a name is meant as one of these, whatever file it names.</summary>
    public static bool IsMeant(string name) => name is Annuli or Swap || name.StartsWith(Csv, StringComparison.Ordinal);

    /// <summary>The file of a table; null where the data are none.</summary>
    public static string? FileOf(string name) => name.StartsWith(Csv, StringComparison.Ordinal) ? name[Csv.Length..] : null;

    /// <summary>The name of a table that means the same in every folder.</summary>
    /// <exception cref="ArgumentException">It names no file; the message begins with the name.</exception>
    public static string Canonical(string name) => FileOf(name) switch
    {
        null => name,
        "" => throw new ArgumentException($"{name} names no file: csv:FILE is a table with a header and a column 'time'"),
        var file => Csv + Path.GetFullPath(file),
    };

    /// <summary>A name for headings and folders: "annuli", or that of the file.</summary>
    public static string Short(string name) => FileOf(name) is { } file ? Path.GetFileName(file) : name;

    /// <summary>What its samples are called, in the plural.</summary>
    public static string Samples(string name) => FileOf(name) is null ? "points" : "windows";
}
