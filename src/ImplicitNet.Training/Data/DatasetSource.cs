using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace ImplicitNet.Training.Data;

/// <summary>Finds the files of a published data set, downloads them where they are missing, and reads them.</summary>
public sealed class DatasetSource
{
    /// <summary>Prepares to read a data set, without touching any file yet.</summary>
    public DatasetSource(DatasetDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        Definition = definition;
    }

    /// <summary>The data set.</summary>
    public DatasetDefinition Definition { get; }

    /// <summary>
    /// A folder that holds the files, as published or unpacked, directly or in a subfolder named by the definition or by torchvision
    /// (MNIST/raw). If it is given, no other place is searched and nothing is downloaded. Default null.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>
    /// The folder in whose subfolder downloads are kept; created when needed. Default: the folder "implicitnet" in the local application
    /// data on Windows, and elsewhere in XDG_CACHE_HOME or ~/.cache.
    /// </summary>
    public string CacheDirectory { get; init; } = CacheFolder.Default;

    // Tests answer requests themselves.
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>Reads both parts.</summary>
    /// <param name="progress">Receives the progress of every download; not called if nothing is downloaded.</param>
    /// <param name="cancellation">Stops a download; an incomplete file is removed.</param>
    /// <exception cref="DataFileException">A file is missing and could not be downloaded, or is damaged.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<TrainTest> LoadAsync(IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        Func<TrainTest> read = DataDirectory is null
            ? await FromCacheAsync(progress, cancellation).ConfigureAwait(false)
            : FromDataDirectory(DataDirectory);
        cancellation.ThrowIfCancellationRequested();
        return read();
    }

    private Func<TrainTest> FromDataDirectory(string directory)
    {
        // The last is the name that torchvision gives: MNIST, FashionMNIST.
        string[] folders = [directory, Path.Combine(directory, Definition.FolderName),
            Path.Combine(directory, Definition.Title.Replace("-", "", StringComparison.Ordinal))];
        return folders.Select(Definition.Find).FirstOrDefault(read => read is not null) ?? throw new DataFileException(
            directory, null, $"{Definition.Title} is not complete here: missing {Definition.Missing(folders)}; "
                + $"a subfolder {Definition.FolderName} will do.");
    }

    private async Task<Func<TrainTest>> FromCacheAsync(IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string folder = Path.Combine(CacheDirectory, Definition.FolderName);
        using HttpClient client = Handler is null ? new HttpClient() : new HttpClient(Handler, disposeHandler: false);
        client.Timeout = Timeout.InfiniteTimeSpan; // FileDownload has a limit of its own, for each chunk
        FileDownload download = new(client);
        try
        {
            Directory.CreateDirectory(folder);
            List<DatasetFile> wanted = await WantedAsync(folder, cancellation).ConfigureAwait(false);
            foreach (DatasetFile file in wanted)
            {
                await download.FetchAsync(file, Definition.Mirrors, folder, progress, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                folder, null,
                $"{Definition.Title} is not here and cannot be fetched. "
                    + $"Put {string.Join(", ", Definition.Files.Select(file => file.Name))} "
                + $"into this folder, or name the folder that has them. Cause: {cause.Message}",
                cause);
        }

        return Definition.Find(folder)!;
    }

    // A file may have been cut short or damaged since it was fetched: then it is fetched anew. What was unpacked has no known checksum: it
    // is taken as it is, where it is complete.
    private async Task<List<DatasetFile>> WantedAsync(string folder, CancellationToken cancellation)
    {
        List<DatasetFile> missing = [], damaged = [];
        foreach (DatasetFile file in Definition.Files)
        {
            string path = Path.Combine(folder, file.Name);
            if (!File.Exists(path))
            {
                missing.Add(file);
            }
            else if (await ChecksumAsync(path, file, cancellation).ConfigureAwait(false) != file.Checksum)
            {
                damaged.Add(file);
            }
        }

        return Definition.Find(folder) is null ? [.. missing, .. damaged] : damaged;
    }

    [SuppressMessage("Security", "CA5351",
        Justification = "Where no SHA-256 is known, the MD5 of the publisher tells a damaged file, and is relied on for no more.")]
    private static async Task<string> ChecksumAsync(string path, DatasetFile file, CancellationToken cancellation)
    {
        await using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(file.Sha256 is null
            ? await MD5.HashDataAsync(stream, cancellation).ConfigureAwait(false)
            : await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false));
    }
}
