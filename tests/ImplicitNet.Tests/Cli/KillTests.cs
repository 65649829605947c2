using System.Globalization;
using ImplicitNet.Training.Reports;

namespace ImplicitNet.Tests.Cli;

/// <summary>A run that is killed loses nothing: real processes, ended by the system at random moments.</summary>
public sealed class KillTests
{
    private const int Seed = 20260131;
    private const int StepsPerEpoch = 10;
    private const int LongestDelay = 250;

    // As many steps for each kill as go by until it: more than the delay and the way to the first checkpoint allow.
    private const int StepsPerKill = 25;

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 4;

    [Fact]
    public void A_run_killed_at_random_moments_ends_with_the_same_bytes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a killed process's files may be held for a while");
        int epochs = Kills * StepsPerKill / StepsPerEpoch;
        using TemporaryFolder folder = new();
        using (CliProcess whole = CliProcess.Start(Arguments(folder["whole"], epochs)))
        {
            whole.Wait().Succeeded();
        }

        Random random = new(Seed);
        string parts = folder["parts"];
        int killed = 0;
        for (bool isFirst = true; killed < Kills; isFirst = false)
        {
            using CliProcess process = CliProcess.Start(isFirst ? Arguments(parts, epochs) : ["train", "--resume", "--output", parts, "--quiet"]);
            string checkpoint = Path.Combine(parts, "checkpoint.safetensors");
            DateTime before = File.GetLastWriteTimeUtc(checkpoint);
            if (!process.WaitUntil(() => File.GetLastWriteTimeUtc(checkpoint) != before))
            {
                break;
            }

            Thread.Sleep(random.Next(LongestDelay));
            if (process.HasExited)
            {
                break;
            }

            process.Kill();
            killed++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} kills, seed {Seed}");
        using CliProcess last = CliProcess.Start("train", "--resume", "--output", parts, "--quiet");
        last.Wait().Succeeded();
        Assert.True(killed >= Math.Max(1, Kills / 2), $"Only {killed} kills came before the end.");
        AssertSame(folder["whole"], parts, epochs);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public void A_signal_writes_a_checkpoint_and_says_how_to_go_on(int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals");
        const int epochs = 12;
        using TemporaryFolder folder = new();
        using (CliProcess whole = CliProcess.Start(Arguments(folder["whole"], epochs)))
        {
            whole.Wait().Succeeded();
        }

        string parts = folder["parts"];
        string checkpoint = Path.Combine(parts, "checkpoint.safetensors");
        using (CliProcess process = CliProcess.Start(Arguments(parts, epochs)))
        {
            Assert.True(process.WaitUntil(() => File.Exists(checkpoint)));
            process.Signal(signal);
            CliRun stopped = process.Wait();
            Assert.Equal((130, ""), (stopped.Code, stopped.Error));
            Assert.Contains($"implicitnet train --resume --output {parts}", stopped.Output, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(parts, "result.json")));
        }

        using CliProcess last = CliProcess.Start("train", "--resume", "--output", parts, "--quiet");
        last.Wait().Succeeded();
        AssertSame(folder["whole"], parts, epochs);
    }

    private static string[] Arguments(string output, int epochs) =>
    [
        "train", "--output", output, "--quiet", "--images", "200", "--validation", "40", "--test-images", "20", "--batch", "20",
        "--epochs", epochs.ToString(CultureInfo.InvariantCulture), "--checkpoint-every", "3", "--threads", "1", "--average", "0.9", "--shift", "1",
    ];

    private static void AssertSame(string whole, string parts, int epochs)
    {
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(parts, "model.safetensors")));
        IReadOnlyList<EpochRecord> expected = RunHistory.ReadEpochs(Path.Combine(whole, "history.jsonl"));
        IReadOnlyList<EpochRecord> actual = RunHistory.ReadEpochs(Path.Combine(parts, "history.jsonl"));
        Assert.Equal(Enumerable.Range(1, epochs), actual.Select(epoch => epoch.Epoch));
        Assert.Equal(expected.Select(epoch => epoch with { Seconds = null }), actual.Select(epoch => epoch with { Seconds = null }));
    }
}
