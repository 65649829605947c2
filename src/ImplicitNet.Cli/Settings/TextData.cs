namespace ImplicitNet.Cli.Settings;

/// <summary>Texts to train on, by name: "text:" and the file.</summary>
internal static class TextData
{
    /// <summary>The form of their names.</summary>
    public const string Form = $"{Prefix}FILE";

    private const string Prefix = "text:";

    /// <summary>Whether a name is meant as that of a text, whatever file it names.</summary>
    public static bool IsMeant(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The file of a text; null where the data are none.</summary>
    public static string? FileOf(string name) => IsMeant(name) ? name[Prefix.Length..] : null;

    /// <summary>The name of a text that means the same in every folder; any other name as it is.</summary>
    /// <exception cref="ArgumentException">It names no file; the message begins with the name.</exception>
    public static string Canonical(string name) => FileOf(name) switch
    {
        null => name,
        "" => throw new ArgumentException($"{name} names no file: {Form} is a text in UTF-8"),
        var file => Prefix + Path.GetFullPath(file),
    };

    /// <summary>A name for headings and folders: that of the file.</summary>
    public static string Short(string name) => FileOf(name) is { } file ? Path.GetFileName(file) : name;
}
