using System.Globalization;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli;

/// <summary>A run that is killed loses nothing: real processes, ended by the system at random moments.</summary>
public sealed class KillTests
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private const int Seed = 20260131;
    private const int StepsPerEpoch = 10;
    private const int LongestDelay = 150;

    // As many steps for each kill as go by until it: more than the delay and the way to the first checkpoint allow.
    private const int StepsPerKill = 25;

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 4;

    [Theory]
    [InlineData("digits")]
    [InlineData("annuli")]
    [InlineData("digits", "monotone")]
    public void A_run_killed_at_random_moments_ends_with_the_same_bytes(string data, string? network = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a killed process's files may be held for a while");
        int epochs = Kills * StepsPerKill / StepsPerEpoch;
        using TemporaryFolder folder = new();
        using (CliProcess whole = CliProcess.Start(Arguments(folder["whole"], epochs, data: data, network: network)))
        {
            whole.Wait().Succeeded();
        }

        Random random = new(Seed);
        string parts = folder["parts"];
        int killed = 0;
        for (bool isFirst = true; killed < Kills; isFirst = false)
        {
            using CliProcess process = CliProcess.Start(isFirst ? Arguments(parts, epochs, data: data, network: network) : ["train", "--resume", "--output", parts, "--quiet"]);
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
        Assert.True(File.Exists(Path.Combine(parts, "report.html")));
    }

    [Fact]
    public void Ctrl_C_writes_a_checkpoint_from_which_the_run_ends_with_the_same_bytes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals");
        const int epochs = 4;
        using TemporaryFolder folder = new();
        using (CliProcess whole = CliProcess.Start(Arguments(folder["whole"], epochs)))
        {
            whole.Wait().Succeeded();
        }

        Stop(folder["parts"], epochs, Interrupt);
        using CliProcess last = CliProcess.Start("train", "--resume", "--output", folder["parts"], "--quiet");
        last.Wait().Succeeded();
        AssertSame(folder["whole"], folder["parts"], epochs);
    }

    [Fact]
    public void A_request_to_terminate_does_as_Ctrl_C()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals");
        using TemporaryFolder folder = new();
        Stop(folder["run"], epochs: 100, Terminate);
    }

    /// <summary>It comes while libtorch computes, which must not turn the end into a crash.</summary>
    [Fact]
    public void A_second_signal_ends_the_process_at_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals");
        using TemporaryFolder folder = new();
        using CliProcess process = CliProcess.Start(Arguments(folder["run"], epochs: 100, validation: 5000));
        Assert.True(process.WaitUntil(() => File.Exists(Path.Combine(folder["run"], "checkpoint.safetensors"))));
        Thread.Sleep(300);
        process.Signal(Interrupt);
        Thread.Sleep(30);
        if (!process.HasExited)
        {
            process.Signal(Interrupt);
        }

        CliRun run = process.Wait();
        Assert.Equal((130, ""), (run.Code, run.Error));
    }

    private static void Stop(string output, int epochs, int signal)
    {
        string checkpoint = Path.Combine(output, "checkpoint.safetensors");
        using CliProcess process = CliProcess.Start(Arguments(output, epochs));
        Assert.True(process.WaitUntil(() => File.Exists(checkpoint)));
        process.Signal(signal);
        CliRun stopped = process.Wait();
        Assert.Equal((130, ""), (stopped.Code, stopped.Error));
        Assert.Contains($"implicitnet train --resume --output {output}", stopped.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(output, "result.json")));
    }

    private static string[] Arguments(string output, int epochs, int validation = 40, string data = "digits", string? network = null) =>
    [
        "train", "--data", data, "--output", output, "--quiet", "--batch", "10", .. data == "digits"
            ? new[] { "--images", "100", "--test-images", "20", "--shift", "1" }
            : ["--samples", "100", "--test-samples", "20"],
        .. network is null ? Array.Empty<string>() : ["--network", network, "--channels", "4"],
        "--epochs", epochs.ToString(CultureInfo.InvariantCulture), "--validation", validation.ToString(CultureInfo.InvariantCulture), "--checkpoint-every", "3", "--threads", "1", "--average", "0.9",
    ];

    private static void AssertSame(string whole, string parts, int epochs)
    {
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(parts, "model.safetensors")));
        IReadOnlyList<EpochRecord> expected = RunHistory.ReadEpochs(Path.Combine(whole, "history.jsonl"));
        IReadOnlyList<EpochRecord> actual = RunHistory.ReadEpochs(Path.Combine(parts, "history.jsonl"));
        Assert.Equal(Enumerable.Range(1, epochs), actual.Select(epoch => epoch.Epoch));
        Assert.Equal(expected.Select(epoch => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null }), actual.Select(epoch => epoch with { Seconds = null, Times = null, PeakMemoryBytes = null }));
    }
}
