using System.Text.RegularExpressions;

namespace ImplicitNet.Tests.Cli;

/// <summary>A folder belongs to one process at a time, whatever the command, and to nobody after a death.</summary>
public sealed partial class FolderInUseTests : TensorTest
{
    // The last one that a command asks to be told of, and none that .NET itself does.
    private const int Hangup = 1;

    private static string[] Long(string output) =>
    [
        "train", "--data", "digits", "--output", output, "--quiet", "--images", "200", "--test-images", "20", "--batch", "20", "--epochs", "500", "--validation", "40",
        "--checkpoint-every", "3", "--threads", "1",
    ];

    private static string[] Short(params string[] more) =>
        ["train", "--data", "digits", "--images", "60", "--validation", "20", "--test-images", "20", "--epochs", "1", "--batch", "20", .. more];

    [Fact]
    public void A_second_process_in_a_folder_is_refused_by_name_until_the_first_is_dead()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        using CliProcess first = CliProcess.Start(Long(run));
        Assert.True(first.WaitUntil(() => File.Exists(Path.Combine(run, "model.safetensors"))));
        string[] expected = [run, $"is in use by process {first.Id}."];
        CliRun.Of("train", "--resume", "--output", run).Failed(1, expected);
        CliRun.Of("compare", "--output", run, "--gradients", "jfb", "--epochs", "1").Failed(1, expected);
        CliRun.Of("memory", "--output", run).Failed(1, expected);

        // What only reads is let in, and sees whole files.
        CliRun.Of("info", "--model", run).Succeeded();
        first.Kill();
        using CliProcess next = CliProcess.Start("train", "--resume", "--output", run, "--quiet");
        DateTime before = File.GetLastWriteTimeUtc(Path.Combine(run, "checkpoint.safetensors"));
        Assert.True(next.WaitUntil(() => File.GetLastWriteTimeUtc(Path.Combine(run, "checkpoint.safetensors")) != before));
    }

    [Fact]
    public void Of_two_that_begin_together_in_one_folder_one_trains_and_the_other_is_refused()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        string[] arguments = TinyModel.Arguments("--output", run, "--quiet");
        using CliProcess first = CliProcess.Start(arguments);
        using CliProcess second = CliProcess.Start(arguments);
        CliRun[] ended = [.. new[] { first.Wait(), second.Wait() }.OrderBy(one => one.Code)];
        ended[0].Succeeded();
        ended[1].Failed(1, run);
        Assert.Matches("is in use by process [0-9]+\\.|the folder holds a run", ended[1].Error);
    }

    [Fact]
    public void Without_output_those_that_begin_together_have_folders_of_their_own()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "changes the folder by a shell");
        using TemporaryFolder folder = new();
        Dictionary<string, string> environment = new() { ["WHERE"] = folder.Path };
        CliProcess[] processes = [.. Enumerable.Range(0, 3).Select(_ =>
            CliProcess.StartInShell("cd \"$WHERE\"; exec \"$@\"", environment, Short("--quiet")))];
        foreach (CliProcess process in processes)
        {
            process.Wait().Succeeded();
            process.Dispose();
        }

        string[] runs = Directory.GetDirectories(folder["runs"]);
        Assert.Equal(3, runs.Length);
        Assert.All(runs, run => Assert.Matches(DefaultName(), Path.GetFileName(run)));
        Assert.All(runs, run => Assert.True(File.Exists(Path.Combine(run, "result.json"))));
        Assert.All(runs, run => Assert.False(File.Exists(Path.Combine(run, "run.lock"))));
    }

    [Fact]
    public void More_threads_than_cores_are_cut_down_with_a_word()
    {
        using TemporaryFolder folder = new();
        CliRun run = CliRun.Of(Short("--output", folder["run"], "--threads", "1024")).Succeeded();
        Assert.Contains($"--threads 1024: only {Environment.ProcessorCount} core", run.Output, StringComparison.Ordinal);
        Assert.Contains($"\"threads\": {Environment.ProcessorCount}", File.ReadAllText(Path.Combine(folder["run"], "run.json")), StringComparison.Ordinal);
    }

    /// <summary>It waits for a file that does not come, or is on its way there, and looks at nothing.</summary>
    [Theory]
    [InlineData(15)]
    [InlineData(2)]
    public void A_signal_ends_what_waits_for_a_file(int signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sends signals and reads /proc");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.StartInShell(
            "mkfifo \"$FIFO\"; exec \"$@\"",
            new Dictionary<string, string> { ["FIFO"] = folder["fifo.pth"] },
            "import", folder["fifo.pth"], "--network", "mnist-fpn", "--gamma", "0.95", "--output", folder["model"]);
        Assert.True(process.WaitUntil(() => process.Handles(Hangup)));
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        process.Signal(signal);
        CliRun run = process.Wait();
        Assert.Equal((130, "interrupted.\n"), (run.Code, run.Error));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(20));
    }

    [GeneratedRegex(@"^digits-\d{8}-\d{6}(-\d)?$")]
    private static partial Regex DefaultName();
}
