using System.Diagnostics;
using System.Runtime.CompilerServices;
using ImplicitNet.Tests.Cli;
using ImplicitNet.Tests.Gradients;

namespace ImplicitNet.Tests;

/// <summary>
/// This program once more, to try what may end a process: it runs the cases of a name, one after the other, writes a line before
/// and a line after each, and no test.
/// </summary>
internal static class ChildProcess
{
    private const string Variable = "IMPLICITNET_CHILD";
    private const string Begun = "begin ";
    private const string Ended = "end ";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs the cases in a process of their own.</summary>
    /// <returns>What came of each, in order: "ok", or the type and the message of an exception. The last is "died" if the process did.</returns>
    public static IReadOnlyList<(string Case, string Outcome)> Run(string name)
    {
        ProcessStartInfo start = new(CliProcess.Dotnet, [Path.Combine(AppContext.BaseDirectory, "ImplicitNet.Tests.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = name;
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
        }

        string[] lines = output.GetAwaiter().GetResult().ReplaceLineEndings("\n").Split('\n');
        List<(string Case, string Outcome)> outcomes = [];
        string? open = null;
        foreach (string line in lines)
        {
            if (line.StartsWith(Begun, StringComparison.Ordinal))
            {
                open = line[Begun.Length..];
                outcomes.Add((open, "died: " + errors.GetAwaiter().GetResult()));
            }
            else if (line.StartsWith(Ended, StringComparison.Ordinal))
            {
                outcomes[^1] = (outcomes[^1].Case, line[Ended.Length..].Replace("\\n", "\n", StringComparison.Ordinal));
            }
        }

        Assert.True(outcomes.Count > 0, errors.GetAwaiter().GetResult());
        return outcomes;
    }

    [ModuleInitializer]
    internal static void RunCases()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } name)
        {
            return;
        }

        IReadOnlyList<(string Case, Action Run)> cases = name switch
        {
            nameof(HostileMaps) => HostileMaps.Cases(),
            _ => throw new ArgumentException($"There are no cases {name}."),
        };
        foreach ((string each, Action run) in cases)
        {
            Console.WriteLine(Begun + each);
            string outcome = "ok";
            try
            {
                run();
            }
            catch (Exception exception)
            {
                // A type derived within the library is what a caller catches it as.
                Type type = exception is InvalidOperationException ? typeof(InvalidOperationException) : exception.GetType();
                outcome = $"{type.Name}: {exception.Message}".ReplaceLineEndings("\\n");
            }

            Console.WriteLine(Ended + outcome);
        }

        Environment.Exit(0);
    }
}
