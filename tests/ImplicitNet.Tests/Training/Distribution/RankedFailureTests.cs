using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Distribution;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>What happens to one rank happens to all: none waits for one that does not come.</summary>
public sealed class RankedFailureTests : TensorTest
{
    private const int Size = 3;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exception_in_the_loss_of_one_rank_ends_all(int rank) =>
        Fails<FormatException>(rank, new() { TaskOf = own => new Broken(own == rank ? losses => throw new FormatException("no such loss") : losses => losses) }, "no such loss");

    [Fact]
    public void An_exception_in_the_data_of_one_rank_ends_all() =>
        Fails<InvalidDataException>(1, new() { SourceOf = own => new Damaged(own == 1) }, "the file is damaged");

    [Fact]
    public void A_loss_that_is_NaN_on_one_rank_ends_all() =>
        Fails<TrainingDivergedException>(2, new() { TaskOf = own => new Broken(own == 2 ? losses => losses * double.NaN : losses => losses) }, "The loss is NaN at step 1");

    [Fact]
    public void A_solve_that_fails_on_one_rank_ends_all_where_the_policy_throws() =>
        Fails<FixedPointException>(1, Prepared(1, network => (network.OnFailure, network.Stopping) = (new ThrowOnFailure(), new() { MaxSteps = 1 })), "No sample converged, of 3");

    [Fact]
    public void A_backward_pass_that_fails_on_one_rank_ends_all() =>
        Fails<InvalidOperationException>(1, Prepared(1, network => network.Settings = network.Settings with { Gradient = new NoDirection() }), "there is no direction");

    [Fact]
    public void A_callback_that_throws_on_one_rank_ends_all() => Fails<FormatException>(
        2,
        new() { OnEvent = ThrowsAt(5, 2, "in vain") },
        "in vain");

    /// <summary>In the run's last act too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_checkpoint_that_the_first_rank_cannot_write_ends_all(int epochs)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(new RunFolder(folder.Path).Checkpoint);
        RankOutcome[] ranks = new RankedRuns { Folder = folder.Path, Options = new() { Epochs = epochs } }.Of(Size);
        string said = Assert.IsAssignableFrom<Exception>(ranks[0].Failure).Message;
        Assert.All(ranks[1..], rank => Assert.Contains(said, Assert.IsType<CollectiveException>(rank.Failure).Message, StringComparison.Ordinal));
    }

    /// <summary>The others know of the end already, and nothing more is done together but to part.</summary>
    [Fact]
    public void A_last_checkpoint_that_the_first_rank_cannot_write_ends_all()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(new RunFolder(folder.Path).Checkpoint);
        RankOutcome[] ranks = new RankedRuns { Folder = folder.Path, OnEvent = (_, trainer, _) => trainer.Stop() }.Of(Size);
        Assert.All(ranks[1..], rank => Assert.StartsWith("Rank 0 of 3 failed", Assert.IsType<CollectiveException>(rank.Failure).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_on_all()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(new RunFolder(folder.Path).Checkpoint, [1, 2, 3]);
        RankOutcome[] ranks = new RankedRuns { Folder = folder.Path, Resumes = true }.Of(Size);
        Assert.All(ranks, rank => Assert.NotNull(rank.Failure));
        Assert.IsType<ImplicitNet.Files.WeightsFileException>(ranks[0].Failure);
    }

    [Fact]
    public void A_failed_run_is_not_gone_on_with_but_from_a_checkpoint()
    {
        RankedRuns runs = new() { OnEvent = ThrowsAt(1, 1, "once") };
        Exception?[] again = new Exception?[2];
        runs.Of(2, (rank, trainer) => again[rank] = Record.Exception(() => trainer.Run()));
        Assert.All(again, failure => Assert.Contains("Go on from its last checkpoint", failure!.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Who_is_cancelled_stops_all_at_one_step_with_one_checkpoint(int cancelled)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource source = new();
        RankOutcome[] ranks = new RankedRuns
        {
            Folder = folder.Path,
            CancellationOf = rank => rank == cancelled ? source.Token : CancellationToken.None,
            OnEvent = (rank, _, happened) =>
            {
                if (rank == cancelled && happened is TrainingEvent.StepFinished { Step: 4 })
                {
                    source.Cancel();
                }
            },
        }.Of(Size);
        Assert.All(ranks, rank => Assert.Equal((StopReason.Cancelled, 5), (rank.Result!.Stopped, rank.Result.Steps)));
        Assert.Equal([5L], ranks[0].Events.OfType<TrainingEvent.CheckpointWritten>().Select(written => written.Step).SkipWhile(step => step == 3));
        Assert.All(ranks[1..], rank => Assert.Empty(rank.Events.OfType<TrainingEvent.CheckpointWritten>()));
        RankOutcome.Good(ranks);
    }

    [Fact]
    public void Who_is_asked_to_stop_stops_all()
    {
        RankOutcome[] ranks = new RankedRuns
        {
            OnEvent = (rank, trainer, happened) =>
            {
                if (rank == 1 && happened is TrainingEvent.StepFinished { Step: 1 })
                {
                    trainer.Stop();
                }
            },
        }.Of(Size);
        Assert.All(ranks, rank => Assert.Equal((StopReason.Asked, 2), (rank.Result!.Stopped, rank.Result.Steps)));
        Assert.Equal(1, RankOutcome.Good(ranks).Result!.BestEpoch);
    }

    [Fact]
    public void The_first_ranks_clock_stops_all()
    {
        RankOutcome[] ranks = new RankedRuns { Options = new() { Stop = new() { After = TimeSpan.FromTicks(1) } } }.Of(Size);
        Assert.All(ranks, rank => Assert.Equal((StopReason.Time, 1), (rank.Result!.Stopped, rank.Result.Steps)));
    }

    [Fact]
    public void A_weight_that_one_rank_changed_is_found_at_the_epochs_end()
    {
        Parameter? moved = null;
        RankOutcome[] ranks = new RankedRuns
        {
            Prepare = (rank, model) => moved = rank == 1 ? model.parameters().First() : moved,
            OnEvent = (rank, _, happened) =>
            {
                if (rank == 1 && happened is TrainingEvent.StepFinished { Step: 2 })
                {
                    using IDisposable noGraph = no_grad();
                    using DisposeScope scope = NewDisposeScope();
                    moved!.add_(1e-3);
                }
            },
        }.Of(Size);
        Assert.All(ranks, rank => Assert.StartsWith("After step 3 the weights of rank 1 of 3", Assert.IsType<CollectiveException>(rank.Failure).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Ranks_of_two_runs_are_refused_with_both()
    {
        RankOutcome[] ranks = new RankedRuns { SourceOf = rank => RankedRuns.Points(rank == 2 ? 32 : 24, 8) }.Of(Size);
        Assert.All(ranks, rank => Assert.Contains("32 samples of points", Assert.IsType<CollectiveException>(rank.Failure).Message, StringComparison.Ordinal));
    }

    /// <summary>By which ranks would make other calls.</summary>
    [Fact]
    public void Ranks_of_other_options_are_refused_with_both()
    {
        TrainingOptions options = new RankedRuns().Options;
        TrainingOptions[] others = [options with { CertificateSteps = 2 }, options with { WarmStart = new() }, options with { LocalBatchStatistics = true }];
        string[] said = ["certificates every 2 steps", "a warm start", "own batch statistics"];
        foreach ((TrainingOptions other, string text) in others.Zip(said))
        {
            RankOutcome[] ranks = new RankedRuns { OptionsOf = rank => rank == 1 ? other : options }.Of(2);
            Assert.All(ranks, rank => Assert.Contains(text, Assert.IsType<CollectiveException>(rank.Failure).Message, StringComparison.Ordinal));
        }
    }

    private static RankedRuns Prepared(int chosen, Action<ImplicitNetwork> prepare) => new()
    {
        Prepare = (rank, model) =>
        {
            if (rank == chosen)
            {
                prepare((ImplicitNetwork)model);
            }
        },
    };

    private static Action<int, Trainer, TrainingEvent> ThrowsAt(long step, int chosen, string said) => (rank, _, happened) =>
    {
        if (rank == chosen && happened is TrainingEvent.StepFinished finished && finished.Step == step)
        {
            throw new FormatException(said);
        }
    };

    private static void Fails<T>(int failing, RankedRuns runs, string said)
        where T : Exception
    {
        RankOutcome[] ranks = runs.Of(Size);
        Assert.Contains(said, Assert.IsType<T>(ranks[failing].Failure).Message, StringComparison.Ordinal);
        foreach (RankOutcome other in ranks.Where((_, rank) => rank != failing))
        {
            string message = Assert.IsType<CollectiveException>(other.Failure).Message;
            Assert.StartsWith($"Rank {failing} of {Size} failed", message, StringComparison.Ordinal);
            Assert.Contains(said, message, StringComparison.Ordinal);
        }
    }

    private sealed record Broken(Func<Tensor, Tensor> Change) : TrainingTask
    {
        public override Score Score => Score.Loss;

        public override Tensor Losses(Tensor output, Batch batch) => Change(output.square().mean([1L]));

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [];
    }

    private sealed record NoDirection : AdjointGradient
    {
        public override Tensor Direction(AdjointContext at) => throw new InvalidOperationException("there is no direction");
    }

    /// <summary>Samples that cannot be read in the second epoch, where they are damaged.</summary>
    private sealed class Damaged(bool isDamaged) : IndexedBatches("points", 24, 8, seed: 3)
    {
        public override object? Identity => null;

        protected override Batch Make(ReadOnlySpan<int> indices, int? epoch) => isDamaged && epoch == 1
            ? throw new InvalidDataException("the file is damaged")
            : new Batch(ones(indices.Length, 2), zeros(indices.Length, dtype: ScalarType.Int64));
    }
}
