using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Cli;

/// <summary>
/// Turns the first Ctrl-C, SIGTERM or SIGHUP (the terminal is gone) into a cancellation; a second Ctrl-C or SIGTERM ends the
/// process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly Action _beforeEnd;
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Listens from now on.</summary>
    /// <param name="beforeEnd">Called before the process is ended at once, on another thread.</param>
    public Interruption(Action beforeEnd)
    {
        _beforeEnd = beforeEnd;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Whether there was a signal.</summary>
    public bool IsSignalled { get; private set; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Cancels as a signal does, for another reason.</summary>
    public void Cancel() => _source.Cancel();

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

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
        IsSignalled = true;
        _source.Cancel();
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
}
