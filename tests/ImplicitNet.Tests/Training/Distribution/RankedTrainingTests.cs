using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>Several ranks train as one process does.</summary>
public sealed class RankedTrainingTests : TensorTest
{
    /// <summary>Sums of float32 in another order: 1e-7 of the norm.</summary>
    private const double Rounding = 1e-6;

    private const double OfTenSteps = 1e-5;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_first_gradient_and_the_losses_of_ten_steps_are_those_of_one_process(int size)
    {
        RankedRuns runs = new() { Source = RankedRuns.Points(34, 10) };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(size));
        Assert.InRange(Distance(alone.Gradient, first.Gradient), 0, Rounding);
        Assert.Equal(16, first.Losses.Length);
        Assert.All(alone.Losses.Zip(first.Losses), pair => Assert.Equal(pair.First, pair.Second, OfTenSteps));
        Assert.Equal(alone.Result!.Epochs[0].SolverSteps!.Value, first.Result!.Epochs[0].SolverSteps!.Value, 0.1);
    }

    [Fact]
    public void A_process_on_its_own_trains_as_without_a_collective_bit_by_bit()
    {
        RankedRuns runs = new() { Validation = RankedRuns.Points(9, 4), Options = new() { Epochs = 2, WeightDecay = 0.1, ClipNorm = 0.5, AverageDecay = 0.9 } };
        RankOutcome without = RankOutcome.Good(runs.Of(0)), alone = RankOutcome.Good(runs.Of(1));
        Assert.Equal(without.State, alone.State);
        Assert.Equal(without.Losses, alone.Losses);
        Assert.Equal(0, alone.Result!.Epochs[0].Times!.Value.Wait);
        Assert.DoesNotContain("WaitSeconds", alone.Result.Epochs[0].ToHistory().Values.Keys);
    }

    /// <summary>Ranks of 83 or 84, of 100 or 101 with a step of a single sample, and of none.</summary>
    [Theory]
    [InlineData(250, 100, 3)]
    [InlineData(201, 100, 2)]
    [InlineData(7, 3, 3)]
    [InlineData(2, 2, 4)]
    public void Shares_of_any_size_see_every_sample_once(int count, int batch, int size)
    {
        RankedRuns runs = new() { Source = RankedRuns.Points(count, batch), Options = new RankedRuns().Options with { Epochs = 1 } };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(size));
        TrainingEvent.EpochFinished seen = first.Events.OfType<TrainingEvent.EpochFinished>().Single();
        Assert.Equal(count, seen.Solver.Samples);
        Assert.Equal(alone.Losses.Length, first.Losses.Length);
        Assert.All(alone.Losses.Zip(first.Losses), pair => Assert.Equal(pair.First, pair.Second, OfTenSteps));
        Assert.Equal(alone.Result!.Epochs[0].TrainLoss!.Value, first.Result!.Epochs[0].TrainLoss!.Value, OfTenSteps);
        Assert.Equal(alone.Result.Epochs[0].TrainAccuracy, first.Result.Epochs[0].TrainAccuracy);
    }

    /// <summary>Of the 8 samples of every batch those with these numbers are NaN: of the first rank none, of the second some, or all of it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Samples_whose_solve_failed_count_nowhere(int failed)
    {
        RankedRuns runs = new()
        {
            Source = new WholeBatches(RankedRuns.Points(24, 8, index => index % 8 >= 8 - failed && index < 16 ? double.NaN : Math.Sin(index))),
            Options = new RankedRuns().Options with { Epochs = 1 },
        };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(2));
        Assert.Equal(alone.Result!.Epochs[0].SolverFailures, first.Result!.Epochs[0].SolverFailures);
        Assert.Equal(2 * failed, first.Result.Epochs[0].SolverFailures);
        Assert.Equal(alone.Result.Epochs[0].TrainLoss!.Value, first.Result.Epochs[0].TrainLoss!.Value, OfTenSteps);
        Assert.InRange(Distance(alone.Gradient, first.Gradient), 0, Rounding);
        Assert.All(alone.Losses.Zip(first.Losses), pair => Assert.Equal(pair.First, pair.Second, OfTenSteps));
        Assert.Equal(failed == 8, double.IsNaN(first.Losses[0]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Evaluation_in_shares_has_the_numbers_of_the_whole(int size)
    {
        RankedRuns runs = new()
        {
            Source = RankedRuns.Points(12, 12),
            Validation = RankedRuns.Points(31, 10),
            Options = new RankedRuns().Options with { Epochs = 3, LearningRate = 0.5, AverageDecay = 0.5 },
        };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(size));
        Assert.Equal(alone.Result!.Epochs.Select(epoch => epoch.ValidationAccuracy), first.Result!.Epochs.Select(epoch => epoch.ValidationAccuracy));
        Assert.Equal(alone.Result.BestEpoch, first.Result.BestEpoch);
        Assert.All(
            alone.Result.Epochs.Zip(first.Result.Epochs), pair => Assert.Equal(pair.First.ValidationLoss!.Value, pair.Second.ValidationLoss!.Value, OfTenSteps));
    }

    /// <summary>Adam with weight decay: a gradient of 0 would move the parameter.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_parameter_that_no_loss_leads_to_has_no_gradient_and_stays(int size)
    {
        RankedRuns runs = new() { Model = () => new Beside(_ => false), Options = new() { Epochs = 2, WeightDecay = 0.5, LearningRate = 0.1 } };
        RankOutcome first = RankOutcome.Good(runs.Of(size));
        Assert.Equal([false, true, true], first.HasGradient);
        Assert.Equal(BitConverter.GetBytes(3f), first.Weights[..4]);
    }

    /// <summary>The sample with number 0 alone leads to it: one rank's share of one batch.</summary>
    [Fact]
    public void One_that_the_loss_of_a_single_rank_leads_to_has_a_gradient_on_all()
    {
        RankedRuns runs = new()
        {
            Model = () => new Beside(input => input[0, 0].ToDouble() == 0),
            Source = new WholeBatches(RankedRuns.Points(24, 8)),
            Options = new() { Epochs = 1, WeightDecay = 0.5, LearningRate = 0.1 },
        };
        RankOutcome first = RankOutcome.Good(runs.Of(2));
        Assert.Equal([true, true, true], first.HasGradient);
        Assert.NotEqual(BitConverter.GetBytes(3f), first.Weights[..4]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_parameter_that_is_frozen_on_the_way_is_moved_no_more(int size)
    {
        byte[][] before = new byte[size][];
        RankedRuns runs = new() { Options = new() { Epochs = 2, WeightDecay = 0.1, LearningRate = 0.1 } };
        Parameter[] frozen = new Parameter[size];
        runs = runs with
        {
            Prepare = (rank, model) => frozen[rank] = model.parameters().First(),
            OnEvent = (rank, _, happened) =>
            {
                if (happened is TrainingEvent.StepFinished { Step: 2 })
                {
                    frozen[rank].requires_grad = false;
                    before[rank] = frozen[rank].bytes.ToArray();
                }
            },
        };
        RankOutcome[] all = runs.Of(size);
        Assert.Null(all[0].Failure);
        Assert.Equal(before[0], all[0].Weights[..before[0].Length]);
    }

    [Fact]
    public void Gradients_that_somebody_took_off_between_two_steps_are_summed_all_the_same()
    {
        RankedRuns runs = new();
        nn.Module<Tensor, Tensor>[] models = new nn.Module<Tensor, Tensor>[2];
        RankedRuns clearing = runs with
        {
            Prepare = (rank, model) => models[rank] = model,
            OnEvent = (rank, _, happened) =>
            {
                foreach (Parameter parameter in happened is TrainingEvent.StepFinished ? models[rank].parameters() : [])
                {
                    parameter.grad = null;
                }
            },
        };
        Assert.Equal(RankOutcome.Good(runs.Of(2)).State, RankOutcome.Good(clearing.Of(2)).State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gradients_that_somebody_left_before_the_run_are_in_no_step(int size)
    {
        RankedRuns runs = new();
        RankedRuns leaving = runs with
        {
            Prepare = (_, model) =>
            {
                using DisposeScope scope = NewDisposeScope();
                foreach (Parameter parameter in model.parameters())
                {
                    parameter.grad = ones_like(parameter);
                }
            },
        };
        Assert.Equal(RankOutcome.Good(runs.Of(size)).State, RankOutcome.Good(leaving.Of(size)).State);
    }

    /// <summary>Statistics of a rank's own share: the first one's are all ranks' where the model is evaluated and kept.</summary>
    [Fact]
    public void Buffers_are_the_first_ranks()
    {
        RankedRuns runs = new()
        {
            Model = () =>
            {
                random.manual_seed(1);
                return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3));
            },
            Validation = RankedRuns.Points(9, 9),
        };
        RankOutcome.Good(runs.Of(2));
    }

    [Fact]
    public void The_summed_gradient_is_clipped_and_not_each_ranks()
    {
        RankedRuns runs = new() { Options = new RankedRuns().Options with { ClipNorm = 0.01 } };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(3));
        Assert.Equal(0.01, Math.Sqrt(first.Gradient.Sum(value => value * value)), 1e-6);
        Assert.InRange(Distance(alone.Gradient, first.Gradient), 0, Rounding);
    }

    /// <summary>The agreement and the gradient, and nothing else that costs a round.</summary>
    [Fact]
    public void A_step_takes_two_calls()
    {
        RankedRuns runs = new();
        runs.Of(2, out IReadOnlyList<string> calls);
        RankedRuns longer = runs with { Source = RankedRuns.Points(72, 8) };
        longer.Of(2, out IReadOnlyList<string> more);
        Assert.Equal(2 * 4 * (9 - 3), more.Count - calls.Count);
    }

    [Fact]
    public void Both_dtypes_of_a_model_are_summed()
    {
        RankedRuns runs = new() { Model = () => new Mixed(), Source = RankedRuns.Points(24, 8) };
        Assert.InRange(Distance(RankOutcome.Good(runs.Of(1)).Gradient, RankOutcome.Good(runs.Of(3)).Gradient), 0, Rounding);
    }

    [Fact]
    public void A_source_of_whole_batches_is_cut_where_it_is_repeatable_and_refused_where_it_is_not()
    {
        RankedRuns runs = new() { Source = new WholeBatches(RankedRuns.Points(25, 8)) };
        RankOutcome alone = RankOutcome.Good(runs.Of(1)), first = RankOutcome.Good(runs.Of(3));
        Assert.InRange(Distance(alone.Gradient, first.Gradient), 0, Rounding);
        RankOutcome[] refused = (runs with { Source = new WholeBatches(RankedRuns.Points(25, 8)) { Repeats = false } }).Of(2);
        Assert.All(refused, rank => Assert.Contains("no function of seed, epoch and step", Assert.IsType<NotSupportedException>(rank.Failure).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Ranks_with_other_weights_begin_with_the_first_ones_and_end_with_the_same_bits()
    {
        RankedRuns runs = new()
        {
            Prepare = (rank, model) =>
            {
                using IDisposable noGraph = no_grad();
                using DisposeScope scope = NewDisposeScope();
                foreach (Parameter parameter in model.parameters())
                {
                    parameter.add_(rank);
                }
            },
            Options = new() { Epochs = 2, AverageDecay = 0.9 },
        };
        RankOutcome[] all = runs.Of(3);
        Assert.Null(all[0].Failure);
        Assert.All(all, rank => Assert.Equal(all[0].State, rank.State));
        Assert.InRange(Distance(RankOutcome.Good(runs.Of(1)).Gradient, all[0].Gradient), 0, Rounding);
    }

    private static double Distance(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(expected.Zip(actual, (one, other) => (one - other) * (one - other)).Sum() / expected.Sum(value => value * value));
    }

    /// <summary>Whole batches of another source, in its order.</summary>
    private sealed class WholeBatches(BatchSource inner) : BatchSource
    {
        public bool Repeats { get; init; } = true;

        public override string Name => inner.Name;

        public override int Count => inner.Count;

        public override int StepsPerEpoch => inner.StepsPerEpoch;

        public override bool IsRepeatable => Repeats;

        public override long Seed => 1;

        public override object? Identity => null;

        public override IEnumerable<Batch> Epoch(int epoch, int firstStep = 0) => inner.InOrder().Skip(firstStep);

        public override IEnumerable<Batch> InOrder() => inner.InOrder();

        public override Batch First(int count) => inner.First(count);
    }

    /// <summary>A linear model with a scale that is 3, which the loss leads to for some inputs only.</summary>
    private sealed class Beside : nn.Module<Tensor, Tensor>
    {
        private readonly Func<Tensor, bool> _isUsed;
        private readonly nn.Module<Tensor, Tensor> _linear = nn.Linear(2, 3);
        private readonly Parameter _scale = new(full([1], 3f));

        public Beside(Func<Tensor, bool> isUsed)
            : base(nameof(Beside))
        {
            _isUsed = isUsed;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor output = _linear.call(input);
            return (_isUsed(input) ? output * _scale : output + 0).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A float32 part and a float64 part.</summary>
    private sealed class Mixed : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _single;
        private readonly nn.Module<Tensor, Tensor> _double;

        public Mixed()
            : base(nameof(Mixed))
        {
            random.manual_seed(1);
            (_single, _double) = (nn.Linear(2, 4), nn.Linear(4, 3).to(ScalarType.Float64));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            return _double.call(_single.call(input).tanh().to(ScalarType.Float64)).MoveToOuterDisposeScope();
        }
    }
}
