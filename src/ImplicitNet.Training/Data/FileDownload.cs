using System.Security.Cryptography;
using ImplicitNet.Files;

namespace ImplicitNet.Training.Data;

/// <summary>Fetches one file whose checksum is known from the first of several mirrors that has it.</summary>
/// <remarks>The file is held in memory until its checksum is right, and only then written, whole or not at all.</remarks>
internal sealed class FileDownload(HttpClient client)
{
    private const int ChunkSize = 1 << 16;

    /// <summary>A mirror that sends nothing for so long is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Fetches the file into a folder that exists.</summary>
    /// <exception cref="DataFileException">No mirror gave it; the message says why for each.</exception>
    /// <exception cref="IOException">The file could not be written.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task FetchAsync(
        DatasetFile file, IReadOnlyList<Uri> mirrors, string folder, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string target = Path.Combine(folder, file.Name);
        List<string> faults = [];
        foreach (Uri mirror in mirrors)
        {
            try
            {
                using MemoryStream content =
                    await ReceiveAsync(file, new Uri(mirror, file.Name), progress, cancellation).ConfigureAwait(false);
                AtomicFile.Write(target, content.WriteTo);
                return;
            }
            catch (Exception fault) when (fault is HttpRequestException or MirrorException)
            {
                faults.Add($"{mirror.Host}: {fault.Message}");
            }
        }

        throw new DataFileException(target, null, $"it could not be downloaded ({string.Join("; ", faults)}).");
    }

    private async Task<MemoryStream> ReceiveAsync(
        DatasetFile file, Uri source, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        waiting.CancelAfter(Patience);
        try
        {
            using HttpResponseMessage response =
                await client.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, waiting.Token).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            await using Stream body = await response.Content.ReadAsStreamAsync(waiting.Token).ConfigureAwait(false);
            using IncrementalHash hash = IncrementalHash.CreateHash(file.Sha256 is null ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256);
            long? expected = response.Content.Headers.ContentLength;
            MemoryStream content = new();
            byte[] chunk = new byte[ChunkSize];
            int read;
            do
            {
                progress?.Report(new DownloadProgress(file.Name, source, content.Length, expected));
                waiting.CancelAfter(Patience);
                read = await body.ReadAsync(chunk, waiting.Token).ConfigureAwait(false);
                if (content.Length + read > file.MaximumBytes)
                {
                    throw new MirrorException($"it sent more than {file.MaximumBytes} bytes");
                }

                hash.AppendData(chunk, 0, read);
                content.Write(chunk, 0, read);
            }
            while (read > 0);

            Check(file, content.Length, expected, Convert.ToHexStringLower(hash.GetCurrentHash()));
            return content;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new MirrorException($"it sent nothing for {Patience.TotalSeconds} seconds");
        }
        catch (IOException fault)
        {
            throw new MirrorException(fault.Message);
        }
    }

    private static void Check(DatasetFile file, long received, long? expected, string checksum)
    {
        if (expected is not null && received != expected)
        {
            throw new MirrorException($"it sent {received} bytes of {expected}");
        }

        if (checksum != file.Checksum)
        {
            throw new MirrorException(
                $"it sent a file with {(file.Sha256 is null ? "MD5" : "SHA-256")} {checksum}, expected {file.Checksum}");
        }
    }

    // One mirror's fault: the next may do better.
    private sealed class MirrorException(string message) : Exception(message);
}
