using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Cli;

/// <summary>Runs this program once more, as a process of its own.</summary>
internal static class OwnProcess
{
    // A child that the terminal has interrupted too writes a checkpoint first.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>Runs a command and waits for its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="watch">Called about once a second meanwhile.</param>
    /// <param name="environment">Variables that it has beside those of this process.</param>
    /// <param name="cancellation">Ends the child, with some time to end by itself.</param>
    /// <param name="program">Another program than this one.</param>
    /// <returns>The exit code, the last line of its output, and what it wrote on standard error.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the child has ended.</exception>
    public static (int Code, string LastLine, string Error) Run(
        IEnumerable<string> arguments,
        Action watch,
        IReadOnlyDictionary<string,
        string> environment,
        CancellationToken cancellation,
        Assembly? program = null)
    {
        cancellation.ThrowIfCancellationRequested();
        using IDisposable heeded = Interruption.Heed();
        ProcessStartInfo start = Start(program ?? typeof(OwnProcess).Assembly, arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.Environment[Interruption.ParentVariable] = "1";

        // It is on its own, also where a launcher has started this one.
        foreach (string name in start.Environment.Keys.Where(Launcher.Sets).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            while (!process.WaitForExit(Glance) && !cancellation.IsCancellationRequested)
            {
                watch();
            }

            if (cancellation.IsCancellationRequested)
            {
                Stop(process);
                process.WaitForExit(Grace);
                cancellation.ThrowIfCancellationRequested();
            }

            return (process.ExitCode, output.GetAwaiter().GetResult().TrimEnd().Split('\n')[^1], error.GetAwaiter().GetResult().Trim());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    /// <summary>Asks the child to end, which the terminal may have done already.</summary>
    private static void Stop(Process process)
    {
        try
        {
            process.StandardInput.Write('.');
            process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended.
        }
    }

    /// <summary>By the program's own launcher, or, where another program has loaded it, by the dotnet command of this runtime.</summary>
    private static ProcessStartInfo Start(Assembly program, IEnumerable<string> arguments)
    {
        string launcher = Environment.ProcessPath ?? throw new UnreachableException("A process has a path.");
        if (program.Location.Length == 0 || Path.GetFileNameWithoutExtension(launcher) == program.GetName().Name)
        {
            return new ProcessStartInfo(launcher, arguments);
        }

        // The runtime lies in shared/NAME/VERSION below the command.
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..",
            OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return new ProcessStartInfo(dotnet, [program.Location, .. arguments]);
    }
}
