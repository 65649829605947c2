using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace ImplicitNet.Training.Data;

/// <summary>Finds the files of a published data set, downloads them where they are missing, and reads them.</summary>
public sealed class IdxDatasetSource
{
    /// <summary>Prepares to read a data set; touches no file yet.</summary>
    public IdxDatasetSource(IdxDatasetDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Definition = definition;
    }

    /// <summary>The data set.</summary>
    public IdxDatasetDefinition Definition { get; }

    /// <summary>
    /// A folder that holds the four files, packed (.gz) or not, themselves or in a subfolder named as the definition says. Where it is given,
    /// nothing else is looked at and nothing is downloaded. Default null.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>The folder in whose subfolder downloads are kept; created when needed. Default <see cref="CacheFolder.Default"/>.</summary>
    public string CacheDirectory { get; init; } = CacheFolder.Default;

    // Tests answer requests themselves.
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>Reads both parts.</summary>
    /// <param name="progress">Told of each chunk downloaded; not called when nothing is downloaded.</param>
    /// <param name="cancellation">Stops a download; a file that is not whole yet is removed.</param>
    /// <exception cref="DataFileException">A file is missing and could not be downloaded, or is damaged.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<TrainTest> LoadAsync(IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<string> paths = DataDirectory is null
            ? await FromCacheAsync(progress, cancellation).ConfigureAwait(false)
            : FromDataDirectory(DataDirectory);
        cancellation.ThrowIfCancellationRequested();
        ImageDataset train = IdxFile.ReadDataset($"{Definition.Title} train", paths[0], paths[1], Definition.ClassCount);
        ImageDataset test = IdxFile.ReadDataset($"{Definition.Title} test", paths[2], paths[3], Definition.ClassCount);
        if ((train.Height, train.Width) != (test.Height, test.Width))
        {
            throw new DataFileException(
                paths[2], 8, $"images of {test.Height} x {test.Width}, expected {train.Height} x {train.Width} as in {paths[0]}.");
        }

        return new TrainTest(train, test);
    }

    private List<string> FromDataDirectory(string directory)
    {
        string[] folders = [directory, Path.Combine(directory, Definition.FolderName)];
        // All four from one folder: MNIST and Fashion-MNIST give their files the same names.
        foreach (string folder in folders)
        {
            List<string> found = [.. Definition.Files.Select(file => Find(folder, file)).OfType<string>()];
            if (found.Count == Definition.Files.Count)
            {
                return found;
            }
        }

        string missing = string.Join(", ", Definition.Files.Where(file => folders.All(folder => Find(folder, file) is null)).Select(file => file.Name));
        missing = missing.Length == 0 ? "the four files in one folder" : missing;
        throw new DataFileException(
            directory, null, $"{Definition.Title} is not complete here: missing {missing} (.gz or unpacked; a subfolder {Definition.FolderName} will do).");
    }

    private static string? Find(string folder, IdxDatasetFile file) =>
        new[] { Path.Combine(folder, file.PackedName), Path.Combine(folder, file.Name) }.FirstOrDefault(File.Exists);

    private async Task<IReadOnlyList<string>> FromCacheAsync(IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string folder = Path.Combine(CacheDirectory, Definition.FolderName);
        using HttpClient client = Handler is null ? new HttpClient() : new HttpClient(Handler, disposeHandler: false);
        client.Timeout = Timeout.InfiniteTimeSpan; // FileDownload has a limit of its own, for each chunk
        FileDownload download = new(client);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (IdxDatasetFile file in Definition.Files)
            {
                if (!await IsThereAsync(folder, file, cancellation).ConfigureAwait(false))
                {
                    await download.FetchAsync(file, Definition.Mirrors, folder, progress, cancellation).ConfigureAwait(false);
                }
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                folder, null,
                $"{Definition.Title} is not here and cannot be fetched. Put {string.Join(", ", Definition.Files.Select(file => file.PackedName))} "
                + $"into this folder, or name the folder that has them. Cause: {cause.Message}",
                cause);
        }

        return [.. Definition.Files.Select(file => Find(folder, file)!)];
    }

    // A packed file may have been cut short or damaged since it was fetched: then it is fetched anew. An unpacked one has no known checksum.
    [SuppressMessage("Security", "CA5351", Justification = "The publishers give MD5; it tells a damaged file, and is relied on for no more.")]
    private static async Task<bool> IsThereAsync(string folder, IdxDatasetFile file, CancellationToken cancellation)
    {
        string path = Path.Combine(folder, file.PackedName);
        if (!File.Exists(path))
        {
            return File.Exists(Path.Combine(folder, file.Name));
        }

        await using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await MD5.HashDataAsync(stream, cancellation).ConfigureAwait(false)) == file.Md5;
    }
}
