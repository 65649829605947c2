using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>How far the solves of a training step go: phases against a loop made by hand, and runs that are interrupted.</summary>
public sealed class SolveScheduleTests : TensorTest
{
    [Fact]
    public void Random_steps_are_uniform_between_their_ends()
    {
        RandomSteps schedule = new() { From = 3, To = 6 };
        int[] steps = [.. Enumerable.Range(0, 4000).Select(draw => schedule.Phases((ulong)draw * 0x9E3779B97F4A7C15).Single().Steps!.Value)];
        Assert.Equal([3, 4, 5, 6], steps.Distinct().Order());
        Assert.All(steps.GroupBy(count => count), group => Assert.InRange(group.Count(), 900, 1100));
        Assert.Equal(int.MaxValue, new RandomSteps { From = int.MaxValue, To = int.MaxValue }.Phases(ulong.MaxValue).Single().Steps);
        Assert.Throws<InvalidOperationException>(() => new RandomSteps { From = 5, To = 4 }.Phases(1));
    }

    [Fact]
    public void A_correction_weighs_later_iterates_more_and_goes_to_the_fixed_point()
    {
        IReadOnlyList<SolvePhase> phases = new FixedPointCorrection { Iterates = 3, StepsBetween = 2, Discount = 0.5 }.Phases(7);
        Assert.Equal([(2, 0.25), (2, 0.5), (null, 1.0)], phases.Select(phase => (phase.Steps, phase.LossWeight)));
    }

    /// <summary>
    /// u -> tanh(w u + x), one weight: after each phase of k Picard steps the loss looks at one more application. Loss and gradient of the step are
    /// those of the loop written out, weighted.
    /// </summary>
    [Fact]
    public void The_loss_of_phases_is_that_of_the_iterates_written_out()
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar model = new();
        Tensor x = tensor(new[,] { { 0.3 }, { -1.2 } });
        FixedPointCorrection schedule = new() { Iterates = 3, StepsBetween = 3, Discount = 0.5 };
        using ImplicitNet.Training.Data.Batch batch = new(x.alias(), zeros(2, 1, dtype: ScalarType.Float64));
        using StepOutcome outcome = new ScheduledSolve(
            new TrainedModel(model), new Regression(), new TrainingOptions { Solves = schedule }, null).Run(batch, default, 1);
        outcome.Objective!.backward();
        double gradient = model.Weight.grad!.ToDouble();
        model.Weight.grad!.zero_();

        // The third step of a solve measures what two applications gave, and returns it; the attached one follows it. The next phase goes on there.
        Tensor u = zeros(2, 1, dtype: ScalarType.Float64);
        Tensor loss = zeros(1, dtype: ScalarType.Float64);
        foreach ((int applications, double weight) in new[] { (2, 0.25), (2, 0.5), (200, 1.0) })
        {
            using (no_grad())
            {
                for (int step = 0; step < applications; step++)
                {
                    u = (model.Weight * u + x).tanh();
                }
            }

            loss = loss + ((model.Weight * u + x).tanh().square().mean() * (weight / 1.75));
        }

        loss.backward();
        Assert.Equal(loss.ToDouble(), outcome.Loss, 9);
        Assert.Equal(model.Weight.grad!.ToDouble(), gradient, 9);
        Assert.Equal(3, outcome.Solves[0].Solves.Single().Report.Samples.Max(sample => sample.Steps));
        Assert.All(outcome.Included, Assert.True);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void A_run_with_random_steps_and_noise_goes_on_bit_by_bit(double noise)
    {
        TrainingOptions options = SmallRegression.Options with { Solves = new RandomSteps { From = 1, To = 6, StartNoise = noise } };
        byte[] whole = Train(options, null);
        Assert.Equal(whole, Train(options, 5));
        Assert.NotEqual(whole, Train(options with { Solves = new RandomSteps { From = 1, To = 6, StartNoise = noise + 0.1 } }, null));
        Assert.NotEqual(whole, Train(SmallRegression.Options, null));
    }

    [Fact]
    public void A_schedule_that_trains_nothing_is_refused()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: SmallRegression.Options with { Solves = new Silent() });
        Assert.Contains("Silent must give a phase a share in the loss", Assert.Throws<InvalidOperationException>(() => trainer.Run()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomSteps { StartNoise = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedPointCorrection { Discount = 1.5 });
    }

    private static byte[] Train(TrainingOptions options, int? stop)
    {
        using TemporaryFolder folder = new();
        for (int part = 0; ; part++)
        {
            using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
            using CancellationTokenSource source = new();
            using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: options, folder: new RunFolder(folder.Path))
            {
                OnEvent = happened =>
                {
                    if (happened is TrainingEvent.StepFinished step && part == 0 && step.Step == stop)
                    {
                        source.Cancel();
                    }
                },
            };
            trainer.Resume();
            if (trainer.Run(cancellation: source.Token).IsComplete)
            {
                return SmallRegression.Bytes(model);
            }
        }
    }

    private sealed record Silent : SolveSchedule
    {
        public override IReadOnlyList<SolvePhase> Phases(ulong draw) => [new() { LossWeight = 0 }];
    }

    private sealed class Scalar : nn.Module<Tensor, Tensor>
    {
        private readonly ImplicitLayer _layer;

        public Scalar()
            : base(nameof(Scalar))
        {
            Map map = new();
            Weight = map.Weight;
            _layer = new ImplicitLayer(new ModuleOperator(map)) { Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 300 } };
            RegisterComponents();
        }

        public Parameter Weight { get; }

        public override Tensor forward(Tensor input) => _layer.call(input);

        private sealed class Map : nn.Module<Tensor, Tensor, Tensor>
        {
            public Map()
                : base(nameof(Map)) => RegisterComponents();

            public Parameter Weight { get; } = new(tensor(0.6));

            public override Tensor forward(Tensor u, Tensor q) => ((Weight * u) + q).tanh();
        }
    }
}
