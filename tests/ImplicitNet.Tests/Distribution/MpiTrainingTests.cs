using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ImplicitNet.Tests.Cli;

namespace ImplicitNet.Tests.Distribution;

/// <summary>Whole trainings by command on several ranks: what is the same as in one process, and what is left when a rank is lost.</summary>
public sealed class MpiTrainingTests
{
    private const int Kill = 9, Stop = 19, Terminate = 15;
    private const int Seed = 20261130;

    // Of a training, on a machine that has other work to do.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 1;

    /// <summary>The second one where more than a few seconds are given.</summary>
    public static TheoryData<string, string> Jobs => Kills == 1
        ? new() { { RankJob.Mpich, "2,2,2,2" } }
        : new() { { RankJob.Mpich, "2,2,2,2" }, { RankJob.OpenMpi, "2,1,3,2" } };

    [Fact]
    public void One_rank_has_the_bits_of_no_launcher_and_two_have_its_accuracy()
    {
        RankJob.SkipWithout(RankJob.OpenMpi);
        RankJob.SkipWithout(RankJob.Mpich);
        using TemporaryFolder folder = new();
        string[] names = ["none", "one", "two-open", "two-mpich"];
        RankJob[] jobs =
        [
            RankJob.StartCommand(RankJob.OpenMpi, 1, Arguments(folder[names[1]], epochs: 2)),
            RankJob.StartCommand(RankJob.OpenMpi, 2, Arguments(folder[names[2]], epochs: 2)),
            RankJob.StartCommand(RankJob.Mpich, 2, Arguments(folder[names[3]], epochs: 2)),
        ];
        CliRun.Of(Arguments(folder[names[0]], epochs: 2)).Succeeded();
        foreach (RankJob job in jobs)
        {
            using RankJob ended = job;
            job.Wait(Patience).Succeeded();
        }

        byte[][] weights = [.. names.Select(name => File.ReadAllBytes(Path.Combine(folder[name], "model.safetensors")))];
        Assert.Equal(weights[0], weights[1]);
        double[] accuracies = [.. names.Select(name => Result(folder[name]).GetProperty("testAccuracy").GetDouble())];
        Assert.Equal([1, 1, 2, 2], names.Select(name => Result(folder[name]).GetProperty("ranks").GetInt32()));
        Assert.All(accuracies, accuracy => Assert.InRange(accuracy, accuracies[0] - 0.02, accuracies[0] + 0.02));
    }

    /// <summary>SIGKILL of a rank by chance at moments by chance, then the same command again; IMPLICITNET_KILLS says how often.</summary>
    [Theory]
    [MemberData(nameof(Jobs))]
    public void A_job_that_loses_a_rank_loses_nothing(string launcher, string sizes)
    {
        RankJob.SkipWithout(launcher);
        int[] ranks = [.. sizes.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        using TemporaryFolder folder = new();
        using RankJob whole = RankJob.StartCommand(launcher, 2, Arguments(folder["whole"], epochs: 3 * Kills));
        Random random = new(Seed);
        string checkpoint = Path.Combine(folder["parts"], "checkpoint.safetensors");
        int killed = 0;
        double slowest = 0;
        for (int attempt = 0; killed < Kills && attempt < 3 * Kills; attempt++)
        {
            DateTime before = File.GetLastWriteTimeUtc(checkpoint);
            using RankJob job = RankJob.StartCommand(launcher, ranks[attempt % ranks.Length], Arguments(folder["parts"], epochs: 3 * Kills));
            if (!job.WaitUntil(() => File.GetLastWriteTimeUtc(checkpoint) != before))
            {
                break;
            }

            Thread.Sleep(random.Next(150));
            int[] processes = job.Processes;
            if (processes.Length == 0 || SendSignal(processes[random.Next(processes.Length)], Kill) != 0)
            {
                break;
            }

            long begin = Stopwatch.GetTimestamp();
            Assert.NotEqual(0, job.Wait().Code);
            job.AssertGone();
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(begin).TotalSeconds);
            killed++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} kills, seed {Seed}, the slowest end after {slowest:0.0} s");
        Assert.True(killed >= Math.Max(1, Kills / 2), $"Only {killed} kills came before the end.");
        using RankJob last = RankJob.StartCommand(launcher, ranks[^1], Arguments(folder["parts"], epochs: 3 * Kills));
        last.Wait(Patience).Succeeded();
        whole.Wait(Patience).Succeeded();
        bool isAlike = ranks.Take(killed).All(size => size == 2);
        double expected = Result(folder["whole"]).GetProperty("testAccuracy").GetDouble();
        Assert.InRange(Result(folder["parts"]).GetProperty("testAccuracy").GetDouble(), expected - 0.02, expected + 0.02);
        if (isAlike)
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder["whole"], "model.safetensors")), File.ReadAllBytes(Path.Combine(folder["parts"], "model.safetensors")));
        }
    }

    [Theory]
    [InlineData(RankJob.OpenMpi, Stop)]
    [InlineData(RankJob.Mpich, Stop)]
    [InlineData(RankJob.Mpich, Terminate)]
    public void A_rank_that_hangs_ends_the_job_with_the_name_of_the_call_and_one_that_is_asked_to_end_with_a_checkpoint(string launcher, int signal)
    {
        RankJob.SkipWithout(launcher);
        using TemporaryFolder folder = new();
        string checkpoint = Path.Combine(folder["run"], "checkpoint.safetensors");
        using RankJob job = RankJob.StartCommand(launcher, 2, [.. Arguments(folder["run"], epochs: 400), "--collective-timeout", "2"]);
        Assert.True(job.WaitUntil(() => File.Exists(checkpoint)));
        DateTime before = File.GetLastWriteTimeUtc(checkpoint);
        Assert.Equal(0, SendSignal(job.Processes[^1], signal));
        CliRun run = job.Wait();
        job.AssertGone();
        Assert.NotEqual(0, run.Code);
        if (signal == Stop)
        {
            Assert.Single(run.Error.Split('\n'), line => line.Contains("Sum (MPI_Iallreduce) on rank 0 of 2", StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains("train --resume", run.Output, StringComparison.Ordinal);
            Assert.NotEqual(before, File.GetLastWriteTimeUtc(checkpoint));
        }
    }

    private static JsonElement Result(string folder)
    {
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "result.json")));
        return result.RootElement.Clone();
    }

    private static string[] Arguments(string output, int epochs) =>
    [
        "train", "--resume-if-any", "--output", output, "--data", "digits", "--images", "100", "--validation", "40", "--test-images", "200", "--batch", "10", "--epochs",
        epochs.ToString(CultureInfo.InvariantCulture), "--checkpoint-every", "3", "--threads", "1", "--average", "0.9",
    ];

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
