using System.Security.Cryptography;

namespace ImplicitNet.Training.Data;

/// <summary>Fetches one file whose MD5 is known from the first of several mirrors that has it.</summary>
/// <remarks>The file appears under its name only when it is whole, checked and on the disk; until then it has a temporary name, which goes.</remarks>
internal sealed class FileDownload(HttpClient client)
{
    // The largest published file is 26 MB; what exceeds this by far is not the file.
    public const long MaximumBytes = 1L << 28;

    private const int ChunkSize = 1 << 16;

    /// <summary>A mirror that sends nothing for so long is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Fetches the file.</summary>
    /// <exception cref="DataFileException">No mirror gave it; the message says why for each.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task FetchAsync(
        IdxDatasetFile file, IReadOnlyList<Uri> mirrors, string folder, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string target = Path.Combine(folder, file.PackedName);
        List<string> faults = [];
        foreach (Uri mirror in mirrors)
        {
            string partial = Path.Combine(folder, $"{file.PackedName}.{Guid.NewGuid():N}.part");
            try
            {
                await FetchAsync(file, new Uri(mirror, file.PackedName), partial, progress, cancellation).ConfigureAwait(false);
                File.Move(partial, target, overwrite: true);
                return;
            }
            catch (Exception fault) when (fault is HttpRequestException or MirrorException)
            {
                faults.Add($"{mirror.Host}: {fault.Message}");
            }
            finally
            {
                File.Delete(partial);
            }
        }

        throw new DataFileException(target, null, $"it could not be downloaded ({string.Join("; ", faults)}).");
    }

    private async Task FetchAsync(
        IdxDatasetFile file, Uri source, string partial, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        waiting.CancelAfter(Patience);
        try
        {
            using HttpResponseMessage response =
                await client.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, waiting.Token).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            await using Stream body = await response.Content.ReadAsStreamAsync(waiting.Token).ConfigureAwait(false);
            await using FileStream output = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, ChunkSize, useAsync: true);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            long? expected = response.Content.Headers.ContentLength;
            byte[] chunk = new byte[ChunkSize];
            long received = 0;
            int read;
            do
            {
                progress?.Report(new DownloadProgress(file.PackedName, source, received, expected));
                waiting.CancelAfter(Patience);
                read = await ReceiveAsync(body, chunk, waiting.Token).ConfigureAwait(false);
                received += read;
                if (received > MaximumBytes)
                {
                    throw new MirrorException($"it sent more than {MaximumBytes} bytes");
                }

                hash.AppendData(chunk, 0, read);
                await output.WriteAsync(chunk.AsMemory(0, read), cancellation).ConfigureAwait(false);
            }
            while (read > 0);

            Check(file, received, expected, Convert.ToHexStringLower(hash.GetCurrentHash()));
            output.Flush(flushToDisk: true);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new MirrorException($"it sent nothing for {Patience.TotalSeconds} seconds");
        }
    }

    // A fault of reading is the mirror's; a fault of writing is the disk's, and no other mirror would help.
    private static async Task<int> ReceiveAsync(Stream body, Memory<byte> chunk, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(chunk, cancellation).ConfigureAwait(false);
        }
        catch (IOException fault)
        {
            throw new MirrorException(fault.Message);
        }
    }

    private static void Check(IdxDatasetFile file, long received, long? expected, string md5)
    {
        if (expected is not null && received != expected)
        {
            throw new MirrorException($"it sent {received} bytes of {expected}");
        }

        if (md5 != file.Md5)
        {
            throw new MirrorException($"it sent a file with MD5 {md5}, expected {file.Md5}");
        }
    }

    // One mirror's fault: the next may do better.
    private sealed class MirrorException(string message) : Exception(message);
}
