using System.Runtime.InteropServices;

namespace ImplicitNet.Cli.Screens;

/// <summary>
/// Standard output or standard error on Unix. What cannot be written is no exception in the middle of somebody's work but a fault that is
/// kept, so that it is told once, and told at all: .NET's own stream takes a closed pipe for success.
/// </summary>
internal sealed class StandardStream : Stream
{
    public const int Output = 1;
    public const int Error = 2;

    // Of fcntl.h and poll.h.
    private const int GetDescriptorFlags = 1;
    private const int CloseOnExec = 1;
    private const int ReadWrite = 2;
    private const short Writable = 4;

    // Of errno.h, where Linux and macOS have the same numbers but for "try again".
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private const int TryAgain = 11;
    private const int TryAgainOnMac = 35;

    private readonly int _descriptor;
    private readonly string? _fault;

    private StandardStream(int descriptor, string? fault) => (_descriptor, _fault) = (descriptor, fault);

    /// <summary>What the matter is, as the end of a sentence that begins with the stream; null while nothing was lost.</summary>
    public string? Loss { get; private set; }

    /// <summary>Called once, when something is lost; later writes are passed over.</summary>
    public Action? Lost { get; set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The stream that this process was started with.</summary>
    /// <remarks>
    /// One that was closed is opened as the null device: the next file to be opened, a checkpoint for example, would get its
    /// number, and with it all that native code writes there. The runtime may have taken the number before, which shows by its
    /// mark: what a process was started with cannot be closed on exec.
    /// </remarks>
    public static StandardStream Open(int descriptor)
    {
        int flags = Control(descriptor, GetDescriptorFlags);
        if (flags < 0)
        {
            int empty = OpenFile("/dev/null\0"u8.ToArray(), ReadWrite);
            if (empty >= 0 && empty != descriptor)
            {
                _ = Duplicate(empty, descriptor);
                _ = CloseFile(empty);
            }
        }

        return new StandardStream(descriptor, flags < 0 || (flags & CloseOnExec) != 0 ? "is closed" : null);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (Loss is not null || buffer.IsEmpty)
        {
            return;
        }

        Loss = _fault;
        while (Loss is null && buffer.Length > 0)
        {
            nint written = WriteFile(_descriptor, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
            }
            else
            {
                Loss = After(Marshal.GetLastPInvokeError());
            }
        }

        if (Loss is not null)
        {
            Lost?.Invoke();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Null where the rest can be written now.</summary>
    private string? After(int error)
    {
        switch (error)
        {
            case Interrupted:
                return null;
            case TryAgain or TryAgainOnMac:
                PollEntry entry = new() { Descriptor = _descriptor, Events = Writable };
                _ = Poll(ref entry, 1, -1);
                return null;
            case BrokenPipe:
                return "was closed by its reader before all was written";
            default:
                return $"cannot be written to: {Marshal.GetPInvokeErrorMessage(error)}";
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Result;
    }

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint WriteFile(int descriptor, in byte first, nint length);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Control(int descriptor, int command);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int OpenFile(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static extern int Duplicate(int descriptor, int other);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int CloseFile(int descriptor);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll(ref PollEntry entry, nuint count, int milliseconds);
}
