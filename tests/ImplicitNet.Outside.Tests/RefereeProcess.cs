using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImplicitNet.Outside.Tests;

/// <summary>This program again, as a process of its own: what ends it does not end the tests.</summary>
internal static class RefereeProcess
{
    /// <summary>The dotnet command that runs this process: the runtime lies in shared/NAME/VERSION below it.</summary>
    private static string Dotnet => Path.GetFullPath(
        Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    public static Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ImplicitNet.Outside.Tests.dll");
        ProcessStartInfo start = new(Dotnet, [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // The problems are small: more threads than one would wait for each other, and for everything else on the machine.
        start.Environment["OMP_NUM_THREADS"] = "1";

        // A crash is what is looked for; a dump of each would fill the disk.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>Runs a referee to its end.</summary>
    /// <returns>Its exit code, 0 where it found nothing, and what it wrote.</returns>
    public static (int Code, string Output) Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
