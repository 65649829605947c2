using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ImplicitNet.Tests.Cli;

/// <summary>A command as a process of its own, as people run it.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // What runs in the background of a shell or under nohup ignores Ctrl-C or a hangup, and so would all that it starts. Only a program
    // can undo that on the way, and not every env has the option.
    private const string DefaultSignals = "--default-signal=INT,HUP,QUIT,TERM";
    private static readonly bool CanResetSignals = OperatingSystem.IsLinux() && ResetsSignals();

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private CliProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        if (CanResetSignals)
        {
            start.ArgumentList.Insert(0, start.FileName);
            start.ArgumentList.Insert(0, DefaultSignals);
            start.FileName = "env";
        }

        // Threads that spin while they wait would fight with each other for the few cores of a build machine.
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    private static string Program => Path.Combine(AppContext.BaseDirectory, "ImplicitNet.Cli.dll");

    /// <summary>The dotnet command that runs this process: the runtime lies in shared/NAME/VERSION below it.</summary>
    internal static string Dotnet =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    public static CliProcess Start(params string[] arguments) => new(new ProcessStartInfo(Dotnet, [Program, .. arguments]));

    /// <summary>With environment variables, and a shell command before it in which "$@" is the program.</summary>
    public static CliProcess StartInShell(string script, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", script, "sh", Dotnet, Program, .. arguments]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new CliProcess(start);
    }

    /// <summary>Ends it as the system does: no code of its own runs any more.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Signal(int signal) => Assert.Equal(0, SendSignal(_process.Id, signal));

    /// <summary>Whether it has asked to be told of a signal; on Linux.</summary>
    public bool Handles(int signal)
    {
        const string Caught = "SigCgt:";
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(one => one.StartsWith(Caught, StringComparison.Ordinal));
        return (ulong.Parse(line.AsSpan(Caught.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    public CliRun Wait()
    {
        if (!_process.WaitForExit(Patience))
        {
            Kill();
            Assert.Fail($"The process did not end within {Patience}.");
        }

        return new CliRun(_process.ExitCode, _output.GetAwaiter().GetResult(), _error.GetAwaiter().GetResult());
    }

    /// <summary>Waits for its end, but not longer than this.</summary>
    /// <returns>True when it has ended.</returns>
    public bool WaitFor(TimeSpan patience) => _process.WaitForExit(patience);

    /// <summary>Waits until something is so, or the process has ended.</summary>
    /// <returns>True when it is so.</returns>
    public bool WaitUntil(Func<bool> isSo)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!_process.HasExited)
        {
            if (isSo())
            {
                return true;
            }

            Assert.True(Stopwatch.GetElapsedTime(begin) < Patience);
            Thread.Sleep(5);
        }

        return false;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private static bool ResetsSignals()
    {
        using Process process = Process.Start(new ProcessStartInfo("env", [DefaultSignals, "true"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
