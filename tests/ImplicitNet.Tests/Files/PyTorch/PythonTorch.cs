using System.ComponentModel;
using System.Diagnostics;

namespace ImplicitNet.Tests.Files.PyTorch;

/// <summary>Python with PyTorch, the other side of the format; a test that needs it is skipped where it is absent.</summary>
internal static class PythonTorch
{
    // That of the path may be one of several, and another have PyTorch (Debian's python3-torch goes with Debian's python3).
    private static readonly Lazy<string?> Command = new(() => Array.Find(["python3", "/usr/bin/python3", "python"], name => Run(name, "import torch").Code == 0));

    /// <summary>Runs a program with arguments and asserts that it succeeds.</summary>
    /// <returns>What it printed.</returns>
    public static string RunOrSkip(string program, params string[] arguments)
    {
        Assert.SkipUnless(Command.Value is not null, "needs python3 with torch (Debian: python3-torch)");
        (int code, string output, string error) = Run(Command.Value!, program, arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private static (int Code, string Output, string Error) Run(string command, string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.ReplaceLineEndings("\n"), error.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return (-1, "", "");
        }
    }
}
