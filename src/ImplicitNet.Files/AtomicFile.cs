using System.Buffers;
using System.Security.Cryptography;

namespace ImplicitNet.Files;

/// <summary>Writes a file whole or not at all: a reader sees the old content or the new, never a part of either.</summary>
/// <remarks>
/// The content goes to a temporary file in the target's folder, is flushed to the disk, and takes the target's name by a rename. On Unix
/// the
/// folder is then synchronised too, so that the new name outlives a power cut; on Windows the rename is atomic but not synchronised. The
/// temporary file is its owner's alone until it is whole; then it gets the rights of the file that it replaces, or those of any new file. A
/// temporary file left by a killed process is removed by the next write to the same target. Of two writers of one target the last one wins,
/// or one of them gets an <see cref="IOException"/>; the target is whole in both cases.
/// </remarks>
internal static class AtomicFile
{
    private const string Suffix = ".tmp";
    private const int RandomBytes = 8;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Replaces a file by what <paramref name="write"/> puts on the stream.</summary>
    /// <param name="path">The file to write. Its folder must exist; a symbolic link is followed.</param>
    /// <param name="write">Writes the content. It need not flush or close the stream. What it throws (also a cancellation) is passed on,
    /// the
    /// temporary file is deleted and the old file stays.</param>
    /// <exception cref="DirectoryNotFoundException">The target's folder does not exist.</exception>
    /// <exception cref="IOException">
    /// The target is a folder, or the content could not be written, for example because the disk is full.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, static stream => stream);

    /// <summary>Replaces a file by a text in UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file to write; see <see cref="Write(string, Action{Stream})"/> for the rules and exceptions.</param>
    /// <param name="text">The whole content.</param>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write(text);
        });
    }

    /// <summary>As the public one, with a stream put between the callback and the file: tests fill the disk with it.</summary>
    internal static void Write(string path, Action<Stream> write, Func<Stream, Stream> wrap)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = FollowLinks(Path.GetFullPath(path));
        string folder = Path.GetDirectoryName(target) ?? throw new IOException($"'{path}' is a folder; a file was expected.");
        if (Directory.Exists(target))
        {
            throw new IOException($"'{path}' is a folder; a file was expected.");
        }

        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"The folder '{folder}' for the file '{Path.GetFileName(target)}' does not exist.");
        }

        RemoveStale(folder, target);
        string temporary = $"{Prefix(target)}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{Suffix}";
        temporary = Path.Combine(folder, temporary);
        try
        {
            using (FileStream file = Create(temporary))
            {
                Stream stream = wrap(file);
                write(stream);
                stream.Flush();
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, File.Exists(target) ? File.GetUnixFileMode(target) : FileMask.NewFile);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        DirectorySync.Flush(folder);
    }

    // Only its owner's while it grows: the target may be nobody else's, or not to be read before it is whole.
    private static FileStream Create(string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static string FollowLinks(string path) =>
        new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static string Prefix(string target) => $".{Path.GetFileName(target)}.";

    private static void RemoveStale(string folder, string target)
    {
        string prefix = Prefix(target);
        foreach (string file in Directory.EnumerateFiles(folder, "*" + Suffix, new EnumerationOptions { AttributesToSkip = 0 }))
        {
            ReadOnlySpan<char> name = Path.GetFileName(file.AsSpan());
            if (name.Length == prefix.Length + (2 * RandomBytes) + Suffix.Length
                && name.StartsWith(prefix, StringComparison.Ordinal)
                && !name[prefix.Length..^Suffix.Length].ContainsAnyExcept(HexDigits))
            {
                RemoveUnlessInUse(file);
            }
        }
    }

    // A living writer holds the file alone, so opening it fails; the system released a killed writer's hold.
    private static void RemoveUnlessInUse(string file)
    {
        try
        {
            using var hold = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return;
        }

        TryDelete(file);
    }

    // The caller is told of the first failure; a temporary file that cannot be deleted must not hide it.
    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
