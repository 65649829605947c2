using ImplicitNet.Cli.Images;

namespace ImplicitNet.Cli.Commands;

/// <summary>The files that are meant where a folder may be named for its pictures.</summary>
internal static class PictureFiles
{
    /// <summary>
    /// Files as they are named, and for a folder those in it that end as pictures do, in the order of their names; a folder without any
    /// stays.
    /// </summary>
    public static IReadOnlyList<string> In(IReadOnlyList<string> paths) =>
        [.. paths.SelectMany(path => Of(path) is { Length: > 0 } files ? files : [path])];

    private static string[] Of(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? [.. Directory.EnumerateFiles(path).Where(IsPicture).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsPicture(string path) =>
        ImageFormat.Endings.Contains(Path.GetExtension(path).ToLowerInvariant()) && !Path.GetFileName(path).StartsWith('.');
}
