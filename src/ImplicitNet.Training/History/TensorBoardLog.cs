using System.Globalization;

namespace ImplicitNet.Training.History;

/// <summary>Writes numbers over the steps of a run for TensorBoard to show.</summary>
/// <remarks>
/// TorchSharp's own SummaryWriter writes readable files too, but counts steps in 32 bits, rounds times to seconds, dates its first event
/// in the far future and cannot be closed. This one needs no native library. Not for use from several threads at once.
/// </remarks>
internal sealed class TensorBoardLog : IDisposable
{
    private FileStream _stream;
    private readonly TimeProvider _clock;

    /// <summary>Begins a new file in a folder; TensorBoard joins the files of one folder into one run.</summary>
    /// <param name="folder">The folder; it is made where it does not exist.</param>
    /// <param name="clock">Gives the time of each event; the system's clock by default.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public TensorBoardLog(string folder, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _clock = clock ?? TimeProvider.System;
        Directory.CreateDirectory(folder);
        _stream = Create(folder, _clock.GetUtcNow());
        Write(TensorBoardEvent.Version(Now));
        Flush();
    }

    /// <summary>The file that is written.</summary>
    public string Path => _stream.Name;

    private double Now => (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Adds one number. NaN and infinity are written as they are.</summary>
    /// <param name="name">The curve it belongs to; a slash groups curves, as in "train/loss".</param>
    /// <param name="value">The number; the format keeps it in single precision.</param>
    /// <param name="step">The optimiser step it belongs to.</param>
    public void AddScalar(string name, double value, long step)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Write(TensorBoardEvent.Scalar(Now, step, name, (float)value));
    }

    /// <summary>
    /// Hands what was added to the system, so that TensorBoard sees it now and a kill loses none of it. A file that was deleted meanwhile
    /// is written again.
    /// </summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Flush()
    {
        _stream.Flush();
        if (!File.Exists(Path))
        {
            Restore();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    // TensorBoard reads the files of a folder in the order of their names and knows them by "tfevents". Two runs may begin in one second.
    private static FileStream Create(string folder, DateTimeOffset now)
    {
        for (int number = 0; ; number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{now.ToUnixTimeSeconds():D10}.{number:D3}");
            string path = System.IO.Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
            }
        }
    }

    /// <summary>Writes the file again: what it held is still there behind the open stream.</summary>
    private void Restore()
    {
        using FileStream lost = _stream;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        FileStream found = new(Path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        lost.Position = 0;
        lost.CopyTo(found);
        found.Flush();
        _stream = found;
    }

    private void Write(ReadOnlySpan<byte> content) => TensorBoardFraming.Write(_stream, content);
}
