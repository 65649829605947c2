using System.Diagnostics;
using System.Globalization;
using ImplicitNet.Tests.Cli;
using ImplicitNet.Training.Distribution;

namespace ImplicitNet.Tests.Distribution;

/// <summary>Ranks that an mpirun of this machine starts.</summary>
internal sealed class RankJob : IDisposable
{
    public const string OpenMpi = "mpirun.openmpi";
    public const string Mpich = "mpirun.mpich";

    // Far more than it takes, and less than the ranks' own patience: what ends in time ends by the launcher.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // All processes of a job have it, and no other.
    private const string Mark = "IMPLICITNET_JOB";

    private readonly string _mark = Guid.NewGuid().ToString("N");
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private RankJob(string launcher, int ranks, string program, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment, string folder = "")
    {
        string[] options = launcher == OpenMpi ? ["--allow-run-as-root", "--oversubscribe", "--mca", "plm", "isolated"] : [];
        ProcessStartInfo start = new(
            launcher, [.. options, "-n", $"{ranks}", CliProcess.Dotnet, Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        foreach (string name in start.Environment.Keys.Where(Launcher.Sets).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["OMP_NUM_THREADS"] = "1";

        // Of processes that live for seconds, counting for later optimisation is a fifth of the time.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment[Mark] = _mark;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where a launcher is not there, the test is skipped.</summary>
    public static void SkipWithout(string launcher) => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, launcher))),
        $"There is no {launcher} here.");

    /// <summary>What the ranks said, without what launchers and libraries say.</summary>
    public static IReadOnlyList<string> Told(CliRun run) =>
        [.. run.Output.Split('\n').Where(line => line is [>= '0' and <= '9', '/', ..]).Order(StringComparer.Ordinal)];

    /// <summary>Starts ranks of <see cref="RankProgram"/>.</summary>
    public static RankJob Start(string launcher, int ranks, string work, params (string Name, string Value)[] environment) =>
        new(launcher, ranks, "ImplicitNet.Tests.dll", [], [(RankProgram.Variable, work), .. environment]);

    /// <summary>Starts ranks of the command line, in a folder.</summary>
    public static RankJob StartCommandIn(string folder, string launcher, int ranks, params string[] arguments) =>
        new(launcher, ranks, "ImplicitNet.Cli.dll", arguments, [], folder);

    /// <summary>Starts ranks of the command line.</summary>
    public static RankJob StartCommand(string launcher, int ranks, params string[] arguments) =>
        new(launcher, ranks, "ImplicitNet.Cli.dll", arguments, []);

    /// <summary>Waits for its end.</summary>
    /// <param name="patience">How long; null for as long as what ends by the launcher may take.</param>
    public CliRun Wait(TimeSpan? patience = null)
    {
        if (!_process.WaitForExit(patience ?? Patience))
        {
            _process.Kill(entireProcessTree: true);
            Assert.Fail($"The job did not end within {patience ?? Patience}: {_output.GetAwaiter().GetResult()}{_error.GetAwaiter().GetResult()}");
        }

        return new CliRun(_process.ExitCode, Lines(_output), Lines(_error));

        // A pty ends lines in its own way.
        static string Lines(Task<string> text) => text.GetAwaiter().GetResult().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The processes that are ranks, as far as they have begun.</summary>
    public int[] Processes => [.. Left().Where(folder => IsRank(folder)).Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)).Order()];

    /// <summary>Waits until something is so, or the job has ended.</summary>
    /// <returns>True when it is so.</returns>
    public bool WaitUntil(Func<bool> isSo) => Poll(() => _process.HasExited || isSo(), Patience) && !_process.HasExited;

    // Without spinning: the ranks need the cores.
    private static bool Poll(Func<bool> isSo, TimeSpan patience)
    {
        for (long begin = Stopwatch.GetTimestamp(); !isSo(); Thread.Sleep(20))
        {
            if (Stopwatch.GetElapsedTime(begin) > patience)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsRank(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "comm")).StartsWith("dotnet", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Asserts that no process of the job is there, some time after its end.</summary>
    public void AssertGone() =>
        Assert.True(Poll(() => !Left().Any(), TimeSpan.FromSeconds(10)), $"left: {string.Join(' ', Left())}");

    private IEnumerable<string> Left() => Directory.EnumerateDirectories("/proc").Where(folder =>
    {
        try
        {
            return char.IsDigit(folder[^1]) && File.ReadAllText(Path.Combine(folder, "environ")).Contains(_mark, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
