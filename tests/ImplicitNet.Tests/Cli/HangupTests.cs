namespace ImplicitNet.Tests.Cli;

/// <summary>A terminal that is closed takes nothing with it.</summary>
public sealed class HangupTests
{
    private const int Hangup = 1;
    private const int Terminate = 15;

    /// <summary>The system and the shell both say so.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_hangup_saves_the_training_as_Ctrl_C_does(int times)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.Start(Arguments(folder["run"]));
        Assert.True(process.WaitUntil(() => File.Exists(Checkpoint(folder))));
        for (int time = 0; time < times; time++)
        {
            process.Signal(Hangup);
        }

        CliRun stopped = process.Wait();
        Assert.Equal((130, ""), (stopped.Code, stopped.Error));
        Assert.Contains($"implicitnet train --resume --output {folder["run"]}", stopped.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Under_nohup_a_hangup_is_passed_over()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.StartInShell("trap '' HUP; exec \"$@\"", new Dictionary<string, string>(), Arguments(folder["run"]));
        Assert.True(process.WaitUntil(() => File.Exists(Checkpoint(folder))));
        process.Signal(Hangup);
        DateTime before = File.GetLastWriteTimeUtc(Checkpoint(folder));
        Assert.True(process.WaitUntil(() => File.GetLastWriteTimeUtc(Checkpoint(folder)) > before.AddSeconds(1)), "It ended.");
        process.Signal(Terminate);
        Assert.Equal(130, process.Wait().Code);
    }

    private static string Checkpoint(TemporaryFolder folder) => Path.Combine(folder["run"], "checkpoint.safetensors");

    private static string[] Arguments(string output) =>
    [
        "train", "--data", "digits", "--output", output, "--quiet", "--images", "200", "--test-images", "20", "--validation", "40",
        "--batch", "20", "--epochs", "5000", "--checkpoint-every", "3", "--threads", "1",
    ];
}
