using System.IO.Compression;

namespace ImplicitNet.Training.Data.Cifar;

/// <summary>Reads the six files out of a published archive; nothing is unpacked to the disk.</summary>
internal static class Cifar10Archive
{
    /// <exception cref="DataFileException">The archive is damaged, or lacks a file.</exception>
    public static IReadOnlyList<Cifar10Batch> Read(string path, Cifar10Form form)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Read(file, path, form);
        }
        catch (Exception cause) when (cause is (IOException and not DataFileException) or UnauthorizedAccessException)
        {
            throw new DataFileException(path, null, $"the file cannot be read: {cause.Message}", cause);
        }
    }

    /// <exception cref="DataFileException">The archive is damaged, or lacks a file.</exception>
    public static IReadOnlyList<Cifar10Batch> Read(Stream stream, string path, Cifar10Form form)
    {
        using GZipStream unpacked = new(stream, CompressionMode.Decompress, leaveOpen: true);
        TarStream archive = new(unpacked, path);
        Dictionary<string, Cifar10Batch> found = [];
        while (archive.Next())
        {
            // The folder within the archive is of no interest.
            string name = archive.Name[(archive.Name.LastIndexOf('/') + 1)..];
            if (archive.IsFile && form.Names.Contains(name))
            {
                string fullName = $"{path}, {archive.Name}";
                if (!found.TryAdd(name, form.Parse(archive.ReadFile(form.LargestFile), fullName)))
                {
                    throw new DataFileException(path, null, $"{name} is there twice.");
                }
            }
        }

        string[] missing = [.. form.Names.Where(name => !found.ContainsKey(name))];
        return missing.Length == 0
            ? [.. form.Names.Select(name => found[name])]
            : throw new DataFileException(path, null, $"the archive lacks {string.Join(", ", missing)}.");
    }
}
