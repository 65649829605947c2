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

    /// <summary>Why a folder stands for no picture.</summary>
    public static string Problem(string folder)
    {
        try
        {
            _ = Listed(folder);
            return $"is a folder without pictures; the names of pictures end in {string.Join(", ", ImageFormat.Endings)}.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"is a folder that cannot be read: {exception.Message}";
        }
    }

    private static string[] Of(string path)
    {
        try
        {
            return Directory.Exists(path) ? Listed(path) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] Listed(string folder) => [.. Directory.EnumerateFiles(folder).Where(IsPicture).Order(StringComparer.Ordinal)];

    private static bool IsPicture(string path) =>
        ImageFormat.Endings.Contains(Path.GetExtension(path).ToLowerInvariant()) && !Path.GetFileName(path).StartsWith('.');
}
