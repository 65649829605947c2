using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Optimizers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>A sample's latent stays with the rank that owns it, so that a warm start of several ranks is that of one process.</summary>
public sealed class RankedWarmStartTests : TensorTest
{
    /// <summary>Uneven shares, and in the last batch of two samples ranks that have none.</summary>
    private static readonly RankedRuns Runs = new()
    {
        Source = RankedRuns.Points(32, 10),
        Model = Network,
        Options = new()
        {
            Epochs = 3,
            CheckpointSteps = 2,
            LogSteps = 1,
            LearningRate = 0.05,
            Optimizer = new SgdOptimizer(),
            WarmStart = new LatentCacheOptions(),
        },
    };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Hits_and_losses_are_those_of_one_process(int size)
    {
        (RankOutcome alone, (long Hits, long Misses, int Count) whole) = Trained(Runs, 0);
        (RankOutcome first, (long Hits, long Misses, int Count) sums) = Trained(Runs, size);
        (RankOutcome cold, _) = Trained(Runs with { Options = Runs.Options with { WarmStart = null } }, size);

        Assert.Equal((64, 32, 32), whole);
        Assert.Equal(whole, sums);
        Assert.Equal(12, first.Losses.Length);
        Assert.All(alone.Losses.Zip(first.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(alone.Result!.Epochs[2].SolverSteps!.Value, first.Result!.Epochs[2].SolverSteps!.Value, 0.1);
        Assert.True(first.Result.Epochs[2].SolverSteps < cold.Result!.Epochs[2].SolverSteps - 1);
    }

    /// <summary>Bytes for 12 of 32 samples on all ranks together.</summary>
    [Fact]
    public void Ranks_share_the_memory_of_one_process()
    {
        RankedRuns runs = Runs with { Options = Runs.Options with { WarmStart = new() { MaxBytes = 12 * 6 * sizeof(float) } } };
        Assert.Equal(12, Trained(runs, 0).Sums.Count);
        Assert.Equal(12, Trained(runs, 3).Sums.Count);
    }

    /// <summary>A checkpoint has the latents of all ranks: what comes after is the run that was not interrupted.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1)]
    public void A_checkpoint_of_two_ranks_is_gone_on_with_by_any_number_and_none_starts_anew(int size)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        (RankOutcome whole, _) = Trained(Runs, 2);
        RankOutcome before = RankOutcome.Good((Runs with
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
        }).Of(2));
        (RankOutcome after, (long Hits, long Misses, int Count) sums) = Trained(Runs with { Folder = folder.Path, Resumes = true }, size);

        Assert.True(after.Resumed);
        Assert.Equal((44, 0, 32), sums);
        double[] losses = [.. before.Losses, .. after.Losses];
        Assert.All(whole.Losses.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        if (size == 2)
        {
            Assert.Equal(whole.State, after.State);
            Assert.Equal(whole.Losses, losses);
        }
    }

    private static (RankOutcome First, (long Hits, long Misses, int Count) Sums) Trained(RankedRuns runs, int size)
    {
        (long Hits, long Misses, int Count)[] all = new (long, long, int)[Math.Max(1, size)];
        RankOutcome first = RankOutcome.Good(runs.Of(size, (rank, trainer) =>
        {
            if (trainer.WarmStart is { } latents)
            {
                all[rank] = (latents.Hits, latents.Misses, latents.Count);
            }
        }));
        return (first, (all.Sum(each => each.Hits), all.Sum(each => each.Misses), all.Sum(each => each.Count)));
    }

    private static ImplicitNetwork Network()
    {
        random.manual_seed(1);
        return new ImplicitNetwork(nn.Linear(2, 6), new ContractionOperator(new BoundedLinear(6, 6), 0.9, LatentActivation.Tanh), nn.Linear(6, 3))
        {
            Stopping = new() { RelativeTolerance = 1e-6 },
        };
    }
}
