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
    public void What_is_wrong_with_the_command_line_is_told_once()
    {
        RankJob.SkipWithout(RankJob.OpenMpi);
        RankJob.SkipWithout(RankJob.Mpich);
        using RankJob compare = RankJob.StartCommand(RankJob.OpenMpi, 2, "compare");
        using RankJob train = RankJob.StartCommand(RankJob.Mpich, 2, "train", "--collective-timeout", "0");

        AssertTold(compare.Wait(), 1, "Only train runs on several ranks");
        AssertTold(train.Wait(), 2, "--collective-timeout must be a whole number of at least 1; given 0.");
    }

    private static void AssertTold(CliRun run, int code, string text)
    {
        Assert.Equal((code, ""), (run.Code, run.Output));
        Assert.Contains(text, Assert.Single(run.Error.Split('\n'), line => line.Contains("error:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
