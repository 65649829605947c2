namespace ImplicitNet.Files;

/// <summary>Whether two names are of one file.</summary>
internal static class FileIdentity
{
    /// <summary>
    /// True for two spellings of a path, and for links of either kind: while a file is held under one name, nobody opens it under another.
    /// Where a file system knows no such hold, or somebody else has one, by the paths that links lead to.
    /// </summary>
    /// <param name="one">A path; where no file is, it is no other file's.</param>
    /// <param name="other">Another.</param>
    public static bool AreOne(string one, string other)
    {
        try
        {
            return Resolved(one) is { Exists: true } first && Resolved(other) is { Exists: true } second
                && (first.FullName == second.FullName
                    || (first.Length == second.Length && first.LastWriteTimeUtc == second.LastWriteTimeUtc && IsHeldBy(first, second)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static FileInfo Resolved(string path) =>
        new FileInfo(path) is { LinkTarget: not null } link
            ? (FileInfo)link.ResolveLinkTarget(returnFinalTarget: true)!
            : new FileInfo(path);

    private static bool IsHeldBy(FileInfo one, FileInfo other)
    {
        Open(other, FileShare.Read).Dispose();
        using FileStream hold = Open(one, FileShare.None);
        try
        {
            Open(other, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static FileStream Open(FileInfo file, FileShare share) => file.Open(FileMode.Open, FileAccess.Read, share);
}
