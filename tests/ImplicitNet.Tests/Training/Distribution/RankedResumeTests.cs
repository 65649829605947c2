using ImplicitNet.Training;
using ImplicitNet.Training.History;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>Runs of several ranks are gone on with by any number of them.</summary>
public sealed class RankedResumeTests : TensorTest
{
    private static readonly RankedRuns Runs = new()
    {
        Source = RankedRuns.Points(34, 10),
        Validation = RankedRuns.Points(11, 4),
        Options = new() { Epochs = 3, CheckpointSteps = 2, LogSteps = 1, LearningRate = 1e-2, WeightDecay = 0.1, AverageDecay = 0.9 },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_checkpoint_of_two_ranks_is_gone_on_with_by_one_two_or_three(int size)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        RankOutcome whole = RankOutcome.Good(Runs.Of(2));
        RankedRuns interrupted = Runs with
        {
            Folder = folder.Path,
            CancellationOf = rank => rank == 1 ? source.Token : CancellationToken.None,
            OnEvent = (rank, _, happened) =>
            {
                if (rank == 1 && happened is TrainingEvent.StepFinished { Step: 5 })
                {
                    source.Cancel();
                }
            },
        };
        RankOutcome before = RankOutcome.Good(interrupted.Of(2));
        RankOutcome[] after = (Runs with { Folder = folder.Path, Resumes = true }).Of(size);
        RankOutcome first = RankOutcome.Good(after);
        Assert.All(after, rank => Assert.True(rank.Resumed));
        Assert.Equal(6, before.Losses.Length);
        double[] losses = [.. before.Losses, .. first.Losses];
        if (size == 2)
        {
            Assert.Equal(whole.State, first.State);
            Assert.Equal(whole.Losses, losses);
            Assert.Equal(whole.Result!.Epochs.Select(Untimed), first.Result!.Epochs.Select(Untimed));
        }

        Assert.All(whole.Losses.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(whole.Result!.Epochs[1].TrainAccuracy, first.Result!.Epochs[1].TrainAccuracy);
        Assert.Equal(12, RunHistory.Read(Path.Combine(folder.Path, "history.jsonl")).Count(record => record.Kind == "step"));
        Assert.True(size == 1 || first.Result.Epochs[2].Times!.Value.Wait > 0);
        string[] told = [.. first.Events.OfType<TrainingEvent.Notice>().Select(notice => notice.Message)];
        string[] expected = size == 2 ? [] : [$"The checkpoint was written by 2 ranks, and {size} {(size == 1 ? "goes" : "go")} on with it"];
        Assert.Equal(expected, told.Select(message => message.Split(':')[0]));
    }

    [Fact]
    public void Two_runs_of_two_ranks_end_with_the_same_bits() => Assert.Equal(RankOutcome.Good(Runs.Of(2)).State, RankOutcome.Good(Runs.Of(2)).State);

    [Fact]
    public void A_rank_draws_its_own_numbers_and_the_same_ones_again()
    {
        using DisposeScope scope = NewDisposeScope();
        StepDraws draws = new(Runs.Source);
        float[] Drawn(int rank, int epoch, int step)
        {
            draws.SeedRank(rank, epoch, step);
            return [.. rand(4).data<float>()];
        }

        float[][] all = [Drawn(0, 0, 0), Drawn(1, 0, 0), Drawn(0, 0, 1), Drawn(0, 1, 0), Drawn(1, 1, 1)];
        Assert.Equal(5, all.Select(numbers => string.Join(", ", numbers)).Distinct().Count());
        Assert.Equal(all[1], Drawn(1, 0, 0));
    }

    private static EpochRecord Untimed(EpochRecord record) => record with { Seconds = null, Times = null, PeakMemoryBytes = null };
}
