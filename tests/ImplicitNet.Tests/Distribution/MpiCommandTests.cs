using System.Text.Json;
using ImplicitNet.Tests.Cli;

namespace ImplicitNet.Tests.Distribution;

/// <summary>The command line under both launchers: one of the ranks speaks, in plain lines.</summary>
public sealed class MpiCommandTests
{
    [Theory]
    [InlineData(RankJob.OpenMpi, "Open MPI")]
    [InlineData(RankJob.Mpich, "MPICH")]
    public void Info_tells_the_library_its_abi_and_the_ranks_once(string launcher, string name)
    {
        RankJob.SkipWithout(launcher);
        using RankJob job = RankJob.StartCommand(launcher, 2, "info");
        CliRun run = job.Wait().Succeeded();

        string line = Assert.Single(run.Output.Split('\n'), line => line.StartsWith("  MPI ", StringComparison.Ordinal));
        Assert.Matches($"  MPI  +{name} v?[0-9.]+ \\(lib.*\\)  +the ABI of {name}; 2 ranks$", line);
        Assert.DoesNotContain(run.Output, letter => char.IsControl(letter) && letter != '\n');
    }

    [Fact]
    public void Two_ranks_train_one_model_in_one_folder_and_the_first_one_speaks()
    {
        RankJob.SkipWithout(RankJob.OpenMpi);
        RankJob.SkipWithout(RankJob.Mpich);
        string[] launchers = [RankJob.OpenMpi, RankJob.Mpich];
        using TemporaryFolder folder = new();
        Array.ForEach(launchers, launcher => Directory.CreateDirectory(folder[launcher]));
        RankJob[] jobs = [.. launchers.Select(launcher => RankJob.StartCommandIn(folder[launcher], launcher, 2, TinyModel.Arguments("--json")))];
        foreach ((string launcher, RankJob job) in launchers.Zip(jobs))
        {
            using RankJob ended = job;
            CliRun run = job.Wait().Succeeded();
            Assert.DoesNotContain(run.Output, letter => char.IsControl(letter) && letter != '\n');
            Assert.Single(run.Output.Split('\n'), line => line.StartsWith("      1 ", StringComparison.Ordinal));
            using JsonDocument result = JsonDocument.Parse(run.LastLine);
            Assert.Equal(2, result.RootElement.GetProperty("ranks").GetInt32());
            string only = Assert.Single(Directory.GetDirectories(Path.Combine(folder[launcher], "runs")));
            Assert.True(File.Exists(Path.Combine(only, "result.json")));
        }
    }

    [Fact]
    public void What_is_wrong_with_the_command_line_is_told_once()
    {
        RankJob.SkipWithout(RankJob.OpenMpi);
        RankJob.SkipWithout(RankJob.Mpich);
        using RankJob compare = RankJob.StartCommand(RankJob.OpenMpi, 2, "compare");
        using RankJob train = RankJob.StartCommand(RankJob.Mpich, 2, "train", "--collective-timeout", "0");

        using RankJob published = RankJob.StartCommand(RankJob.Mpich, 2, "train", "--data", "digits", "--published");
        AssertTold(compare.Wait(), 1, "Only train runs on several ranks");
        AssertTold(train.Wait(), 2, "--collective-timeout must be a whole number of at least 1; given 0.");
        AssertTold(published.Wait(), 2, "--published on several ranks needs --batch-norm local");
    }

    private static void AssertTold(CliRun run, int code, string text)
    {
        Assert.Equal((code, ""), (run.Code, run.Output));
        Assert.Contains(text, Assert.Single(run.Error.Split('\n'), line => line.Contains("error:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
