using ImplicitNet.Files;

namespace ImplicitNet.Training.History;

/// <summary>
/// The history of a training run: a file of JSON lines that grows by one line per record and survives a kill at any moment.
/// </summary>
/// <remarks>
/// A record is handed to the system whole and at once. A kill may leave behind a last line without its end, which readers ignore and which
/// is removed when the history is opened again. Not for use from several threads at once.
/// </remarks>
public sealed class RunHistory : IDisposable
{
    private readonly string _path;
    private FileStream _stream;

    /// <summary>Opens a history to continue it, or begins one.</summary>
    /// <param name="path">The file, usually history.jsonl; its folder must exist.</param>
    /// <exception cref="IOException">The file cannot be opened, for example because another process is writing to it.</exception>
    public RunHistory(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        _stream = OpenAtEnd(path);
    }

    /// <summary>Reads all records of a file.</summary>
    /// <param name="path">The file. It may be open for writing elsewhere.</param>
    /// <returns>The records in order; none where the file does not exist.</returns>
    /// <exception cref="InvalidDataException">
    /// A line other than an unfinished last one is not a record; the message gives its number.
    /// </exception>
    public static IReadOnlyList<HistoryRecord> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] content = new byte[stream.Length];
        ReadOnlyMemory<byte> rest = content.AsMemory(0, stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false));
        List<HistoryRecord> records = [];
        for (int end; (end = rest.Span.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
        {
            records.Add(HistoryLine.TryParse(rest[..end], out HistoryRecord? record)
                ? record!
                : throw new InvalidDataException($"{path}: line {records.Count + 1} is not a record of a run's history."));
        }

        return records;
    }

    /// <summary>Reads the epochs of a file.</summary>
    /// <param name="path">The file. It may be open for writing elsewhere.</param>
    /// <returns>The epochs in order; none where the file does not exist.</returns>
    /// <exception cref="InvalidDataException">
    /// A line other than an unfinished last one is not a record; the message gives its number.
    /// </exception>
    public static IReadOnlyList<EpochRecord> ReadEpochs(string path) =>
        [.. Read(path).Where(record => record.Kind == EpochRecord.Kind).Select(EpochRecord.FromHistory)];

    /// <summary>Adds a record. A file that was deleted or replaced since the last one is written again, with all its records.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="IOException">
    /// It could not be written, for example because the disk is full, or the file was cut short by another program.
    /// </exception>
    public void Append(HistoryRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        ReadOnlyMemory<byte> line = HistoryLine.Format(record);
        Restore();
        long end = _stream.Position;
        try
        {
            _stream.Write(line.Span);
        }
        catch (IOException)
        {
            // A full disk may have taken half of the line; the next record must not be joined to it.
            _stream.SetLength(end);
            _stream.Position = end;
            throw;
        }
    }

    /// <summary>Adds an epoch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <exception cref="IOException">It could not be written, for example because the disk is full.</exception>
    public void Append(EpochRecord epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        Append(epoch.ToHistory());
    }

    /// <summary>
    /// Drops the records beyond a step, as a run does when it resumes from the checkpoint of that step. The file is replaced whole.
    /// </summary>
    /// <param name="step">The last step to keep.</param>
    /// <exception cref="IOException">The file could not be replaced; it stays as it was.</exception>
    public void TruncateTo(long step)
    {
        IReadOnlyList<HistoryRecord> records = Read(_path);
        _stream.Dispose();
        try
        {
            AtomicFile.Write(_path, stream =>
            {
                foreach (HistoryRecord record in records.Where(record => record.Step <= step))
                {
                    stream.Write(HistoryLine.Format(record).Span);
                }
            });
        }
        finally
        {
            _stream = OpenAtEnd(_path);
        }
    }

    /// <summary>Brings a file back that lost its name: what was written to it is still there behind the open stream.</summary>
    private void Restore()
    {
        if (_stream.Length != _stream.Position)
        {
            throw new IOException(
                $"{_path}: the history was changed by another program while it was written; "
                + $"it had {_stream.Position} bytes and has {_stream.Length}.");
        }

        FileInfo named = new(_path);
        if (named.Exists && named.Length == _stream.Length)
        {
            return;
        }

        FileStream lost = _stream;
        AtomicFile.Write(_path, target =>
        {
            lost.Position = 0;
            lost.CopyTo(target);
        });
        _stream = OpenAtEnd(_path);
        lost.Dispose();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    // Unbuffered, so that one record is one write; behind the last whole line.
    private static FileStream OpenAtEnd(string path)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        long end = stream.Length;
        while (end > 0)
        {
            stream.Position = end - 1;
            if (stream.ReadByte() == '\n')
            {
                break;
            }

            end--;
        }

        stream.SetLength(end);
        stream.Position = end;
        return stream;
    }
}
