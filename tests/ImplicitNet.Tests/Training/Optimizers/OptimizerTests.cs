using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Optimizers;

/// <summary>Every optimiser: its first steps by hand, and a run that is interrupted and gone on with.</summary>
public sealed class OptimizerTests : TensorTest
{
    public static TheoryData<TrainingOptimizer> Kept =>
    [
        new AdamWOptimizer(), new AdamWOptimizer { Beta1 = 0.8, Beta2 = 0.99, Epsilon = 1e-6 }, new AdamOptimizer(), new SgdOptimizer(),
        new SgdOptimizer { Momentum = 0.9 }, new SgdOptimizer { Momentum = 0.5, Nesterov = true },
    ];

    [Theory]
    [MemberData(nameof(Kept))]
    public void A_run_interrupted_anywhere_ends_with_the_same_weights_bit_by_bit(TrainingOptimizer optimizer)
    {
        TrainingOptions options = SmallRegression.Options with { Optimizer = optimizer, WeightDecay = 0.01, AverageDecay = 0.9 };
        byte[] whole = Train(options, []);
        Assert.Equal(whole, Train(options, [1]));
        Assert.Equal(whole, Train(options, [2, 3, 7]));
        Assert.NotEqual(whole, Train(options with { Optimizer = new SgdOptimizer { Momentum = 0.123 } }, []));
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void A_float64_model_is_trained_in_float64(TrainingOptimizer optimizer)
    {
        TrainingOptions options = SmallRegression.Options with { Optimizer = optimizer };
        Assert.Equal(Train(options, [], ScalarType.Float64), Train(options, [4], ScalarType.Float64));
    }

    /// <summary>Two steps of velocity 0.9 along the gradient 2 (w - 1) + 0.5 w, from w = 3, at a rate of 0.1.</summary>
    [Fact]
    public void Momentum_and_decay_are_those_of_the_formula()
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter weight = new(tensor(3.0));
        SgdOptimizer options = new() { Momentum = 0.9 };
        using optim.Optimizer optimizer = options.Create([weight], 0.1, 0.5);
        (double value, double velocity) = (3, 0);
        for (int step = 0; step < 3; step++)
        {
            optimizer.zero_grad();
            using Tensor loss = (weight - 1).square();
            loss.backward();
            optimizer.step();
            velocity = (0.9 * velocity) + (2 * (value - 1)) + (0.5 * value);
            value -= 0.1 * velocity;
            Assert.Equal(value, weight.ToDouble(), 12);
        }
    }

    [Fact]
    public void A_run_with_an_optimiser_of_ones_own_goes_on_from_its_last_whole_epoch_and_says_so()
    {
        TrainingOptions options = SmallRegression.Options with { Optimizer = new Own() };
        using TemporaryFolder folder = new();
        List<string> notices = [];
        long resumed = Interrupt(folder.Path, options, 5, notices, out _);
        Assert.Equal(0, resumed);
        Assert.Equal(["An interrupted run goes on from its last whole epoch: what Own remembers is not part of a checkpoint."], notices);
        Assert.Equal(3, Interrupt(folder.Path, options, null, notices, out byte[] weights));

        // Where in the epoch the run was interrupted is the same to it.
        using TemporaryFolder earlier = new();
        Interrupt(earlier.Path, options, 4, [], out _);
        Interrupt(earlier.Path, options, null, [], out byte[] same);
        Assert.Equal(weights, same);

        // The same notice where the data are why.
        notices.Clear();
        using TemporaryFolder other = new();
        Interrupt(other.Path, SmallRegression.Options, 5, notices, out _, new Stream());
        Assert.Equal(["An interrupted run goes on from its last whole epoch: the batches of stream are no function of seed, epoch and index."], notices);
        Assert.Equal(3, Interrupt(other.Path, SmallRegression.Options, null, notices, out _, new Stream()));
    }

    [Fact]
    public void Values_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamWOptimizer { Beta1 = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamOptimizer { Epsilon = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SgdOptimizer { Momentum = -0.1 });
        using Parameter weight = new(tensor(3.0));
        Assert.Throws<InvalidOperationException>(() => new SgdOptimizer { Nesterov = true }.Create([weight], 0.1, 0));
    }

    /// <summary>Weights in the best epoch of a run that is ended after each of some steps, and gone on with by a new trainer.</summary>
    private static byte[] Train(TrainingOptions options, int[] interruptions, ScalarType dtype = ScalarType.Float32)
    {
        using TemporaryFolder folder = new();
        for (int part = 0; ; part++)
        {
            using nn.Module<Tensor, Tensor> model = SmallRegression.Model(dtype);
            using CancellationTokenSource source = new();
            using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), SmallRegression.Source("validation", 10), options, new RunFolder(folder.Path))
            {
                OnEvent = happened =>
                {
                    if (happened is TrainingEvent.StepFinished step && part < interruptions.Length && step.Step == interruptions[part])
                    {
                        source.Cancel();
                    }
                },
            };
            Assert.Equal(part > 0, trainer.Resume());
            if (trainer.Run(cancellation: source.Token).IsComplete)
            {
                Assert.Equal(interruptions.Length, part);
                return SmallRegression.Bytes(model);
            }
        }
    }

    /// <summary>Runs in a folder, to a step where one is given; the steps that were made before.</summary>
    private static long Interrupt(string folder, TrainingOptions options, int? at, List<string> notices, out byte[] weights, BatchSource? data = null)
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using CancellationTokenSource source = new();
        long? first = null;
        using Trainer trainer = new(model, new Regression(), data ?? SmallRegression.Source(), options: options, folder: new RunFolder(folder))
        {
            OnEvent = happened =>
            {
                switch (happened)
                {
                    case TrainingEvent.Notice notice: notices.Add(notice.Message); break;
                    case TrainingEvent.StepFinished step:
                        first ??= step.Step - 1;
                        if (step.Step == at)
                        {
                            source.Cancel();
                        }

                        break;
                }
            },
        };
        trainer.Resume();
        TrainingResult result = trainer.Run(cancellation: source.Token);
        Assert.Equal(at is null, result.IsComplete);
        weights = SmallRegression.Bytes(model);
        return first!.Value;
    }

    private sealed record Own : TrainingOptimizer
    {
        public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
            optim.RMSProp(parameters, learningRate);
    }

    /// <summary>The table again, as a stream that nobody can begin in the middle.</summary>
    private sealed class Stream : BatchSource
    {
        private readonly BatchSource _rows = SmallRegression.Source();

        public override string Name => "stream";

        public override int Count => _rows.Count;

        public override int StepsPerEpoch => _rows.StepsPerEpoch;

        public override bool IsRepeatable => false;

        public override long Seed => 1;

        public override object? Identity => null;

        public override IEnumerable<Batch> Epoch(int epoch, int firstStep = 0) => firstStep == 0 ? _rows.InOrder() : throw new NotSupportedException();

        public override IEnumerable<Batch> InOrder() => _rows.InOrder();

        public override Batch First(int count) => _rows.First(count);
    }
}
