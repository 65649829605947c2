using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Cli;

/// <summary>
/// Turns the first Ctrl-C, SIGTERM or SIGHUP (the terminal is gone) into a cancellation; a second Ctrl-C or SIGTERM ends the process at
/// once, and so does the first signal where nothing heeds it.
/// </summary>
internal sealed class Interruption : IDisposable
{
    // What does not look at the token within this time is not going to: it waits for a file, or for the native library.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Set for a child of this program, whose standard input is its parent's hold on it: what is written there asks it to end, and the end
    /// of it, when the parent was killed, ends it at once. Left alone it would hold its folder against whoever goes on with the parent's
    /// work.
    /// </summary>
    public const string ParentVariable = "IMPLICITNET_PARENT";

    private static int _heeding;

    private readonly CancellationTokenSource _source = new();
    private readonly Action _beforeEnd;
    private readonly Action _told;
    private readonly Timer _impatience;
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Listens from now on.</summary>
    /// <param name="beforeEnd">Called before the process is ended at once, on another thread.</param>
    /// <param name="told">Called before that where the first signal ends it, because nobody heeds it.</param>
    public Interruption(Action beforeEnd, Action told)
    {
        (_beforeEnd, _told) = (beforeEnd, told);
        _impatience = new Timer(_ => EndUnheeded());
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
        if (Environment.GetEnvironmentVariable(ParentVariable) is { Length: > 0 })
        {
            new Thread(FollowParent) { IsBackground = true, Name = "parent" }.Start();
        }
    }

    /// <summary>Whether there was a signal.</summary>
    public bool IsSignalled { get; private set; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Cancels as a signal does, for another reason.</summary>
    public void Cancel() => _source.Cancel();

    /// <summary>
    /// Says that this process looks at the token, and has something to bring to an end that is worth waiting for, until the result is
    /// disposed. Without it, the first signal ends the process within two seconds.
    /// </summary>
    public static IDisposable Heed()
    {
        Interlocked.Increment(ref _heeding);
        return new Heeding();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _impatience.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        // A terminal that is gone says so more than once: the system to what ran in front, and the shell to all it had started.
        if (IsSignalled && context.Signal != PosixSignal.SIGHUP)
        {
            EndAtOnce();
        }

        context.Cancel = true;
        Begin();
    }

    private void Begin()
    {
        IsSignalled = true;
        _source.Cancel();
        _impatience.Change(Patience, Patience);
    }

    private void FollowParent()
    {
        using Stream input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
            try
            {
                Begin();
            }
            catch (ObjectDisposedException)
            {
                // The command has come to its end by itself.
            }
        }

        EndAtOnce();
    }

    private void EndUnheeded()
    {
        if (Volatile.Read(ref _heeding) == 0)
        {
            _told();
            EndAtOnce();
        }
    }

    // Not by Environment.Exit: that takes libtorch down while another thread computes with it, and so ends in a crash.
    private void EndAtOnce()
    {
        _beforeEnd();
        if (OperatingSystem.IsWindows())
        {
            using Process process = Process.GetCurrentProcess();
            process.Kill();
        }

        Exit(ExitCodes.Interrupted);
    }

    [DllImport("libc", EntryPoint = "_exit")]
    private static extern void Exit(int code);

    private sealed class Heeding : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                Interlocked.Decrement(ref _heeding);
            }
        }
    }
}
