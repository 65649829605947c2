using ImplicitNet.Files;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

public sealed class UnrolledPretrainingTests : TensorTest
{
    public static TheoryData<string> Solvers => ["picard", "anderson", "broyden", "chain", "starts"];

    /// <summary>u -> tanh(W u + q), k times from 0, by torch alone: loss and gradient of W, of what makes q, and of what reads u.</summary>
    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_step_of_it_is_plain_backpropagation_through_the_applications_whatever_solver_and_gradient_the_layer_has(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        using Network model = new(name switch
        {
            "anderson" => new AndersonSolver(),
            "broyden" => new BroydenSolver(),
            "starts" => new BestOfStarts(),
            "chain" => new SolverChain { Solvers = [new AndersonSolver(), new BroydenSolver()] },
            _ => new PicardSolver { Damping = 0.5 },
        });
        Tensor x = randn(4, 3, ScalarType.Float64), y = randn(4, 2, ScalarType.Float64);
        foreach (int applications in new[] { 1, 2, 3, 7 })
        {
            using Batch batch = new(x.alias(), y.alias());
            TrainingOptions options = new() { Solves = new UnrolledPretraining { Applications = applications } };
            using StepOutcome outcome = new ScheduledSolve(new TrainedModel(model), new Regression(), options, null).Run(batch, default, 1);
            outcome.Objective!.backward();
            Tensor[] gradients = Taken(model);

            Tensor q = model.Encoder.call(x), u = zeros_like(q);
            for (int time = 0; time < applications; time++)
            {
                u = (nn.functional.linear(u, model.Weight) + q).tanh();
            }

            Tensor loss = (model.Readout.call(u) - y).square().mean();
            loss.backward();
            Assert.Equal(loss.ToDouble(), outcome.Loss, 1e-15);
            Assert.All(outcome.Included, Assert.True);
            Assert.All(Taken(model).Zip(gradients), pair =>
            {
                Assert.True(pair.First.norm().ToDouble() > 1e-3 || applications == 1);
                Assert.True((pair.First - pair.Second).abs().max().ToDouble() < 1e-15);
            });
        }
    }

    [Fact]
    public void It_is_for_its_steps_and_then_another_schedule_from_its_beginning()
    {
        RandomSteps last = new() { From = 9, To = 9, StartNoise = 0.5 };
        UnrolledPretraining second = new() { TrainingSteps = 2, Applications = 5, Then = last };
        UnrolledPretraining schedule = new() { TrainingSteps = 3, Applications = 2, Then = second };
        SolveSchedule[] steps = [.. Enumerable.Range(1, 8).Select(step => schedule.At(step))];
        Assert.Equal([2, 2, 2, 5, 5, null, null, null], steps.Select(each => each.Phases(1).Single().Unrolled));
        Assert.Equal([null, null, null, null, null, 9, 9, 9], steps.Select(each => each.Phases(1).Single().Steps));
        Assert.Equal(0.5, steps[^1].StartNoise);
        foreach (SolveSchedule other in new[] { SolveSchedule.UntilConverged, last, new FixedPointCorrection() })
        {
            Assert.Same(other, other.At(1));
            Assert.Same(other, other.At(long.MaxValue));
        }

        Assert.Same(SolveSchedule.UntilConverged, new UnrolledPretraining().At(1001));
    }

    /// <summary>Twelve steps, three an epoch, interrupted before the change of schedules, on it and after it.</summary>
    [Fact]
    public void A_run_that_is_interrupted_goes_on_bit_by_bit()
    {
        byte[] whole = Train(Pretrained(5, 0.3), null);
        foreach (int stop in new[] { 2, 5, 8 })
        {
            Assert.Equal(whole, Train(Pretrained(5, 0.3), stop));
        }

        Assert.NotEqual(whole, Train(Pretrained(6, 0.3), null));
        Assert.NotEqual(whole, Train(Pretrained(5, 0), null));
    }

    /// <summary>A splitting goes its own way, on other latents than those of R.</summary>
    [Fact]
    public void A_monotone_layer_with_its_splitting_is_unrolled_by_R()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        MonotoneOperator monotone = new(new MonotoneLinear(4, dtype: ScalarType.Float64));
        using ImplicitLayer layer = new(monotone) { Solver = new PeacemanRachfordSolver() };
        Tensor q = randn(3, 4, ScalarType.Float64);
        using Batch batch = new(q.alias(), zeros_like(q));
        TrainingOptions options = new() { Solves = new UnrolledPretraining { Applications = 2 } };
        using StepOutcome outcome = new ScheduledSolve(new TrainedModel(layer), new Regression(), options, null).Run(batch, default, 1);
        Tensor u = monotone.call(monotone.call(monotone.StartingLatent(q), q), q);
        Assert.Equal(u.square().mean().ToDouble(), outcome.Loss, 1e-15);
    }

    /// <summary>One solver step for each of the two solves, and then as many as they take.</summary>
    [Fact]
    public void The_steps_of_a_run_are_those_of_the_schedule_in_force()
    {
        List<double> steps = [];
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Pretrained(5, 0))
        {
            OnEvent = happened =>
            {
                if (happened is TrainingEvent.StepFinished step)
                {
                    steps.Add(step.SolverSteps);
                }
            },
        };
        trainer.Run();
        Assert.All(steps[..5], count => Assert.Equal(2, count));
        Assert.All(steps[5..], count => Assert.True(count > 4));
    }

    [Fact]
    public void A_run_with_another_is_another_run_and_what_is_none_is_refused()
    {
        using TemporaryFolder folder = new();
        using (nn.Module<Tensor, Tensor> model = SmallRegression.Model())
        using (Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Pretrained(5, 0), folder: new RunFolder(folder.Path)))
        {
            trainer.Run();
        }

        foreach ((TrainingOptions options, string difference) in new[]
        {
            (Pretrained(6, 0), "training.Solves.TrainingSteps was 5 and is 6"),
            (SmallRegression.Options with { Solves = new UnrolledPretraining { TrainingSteps = 5, Applications = 4 } }, "training.Solves.Applications was 3 and is 4"),
            (SmallRegression.Options with { Solves = new UnrolledPretraining { TrainingSteps = 5, Then = new RandomSteps() } }, "training.Solves.Then was UntilConvergedSchedule and is RandomSteps"),
        })
        {
            using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
            using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: options, folder: new RunFolder(folder.Path));
            Assert.Contains(difference, Assert.Throws<WeightsFileException>(() => { trainer.Resume(); }).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentOutOfRangeException>("TrainingSteps", () => new UnrolledPretraining { TrainingSteps = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("Applications", () => new UnrolledPretraining { Applications = 0 });
        Assert.Throws<ArgumentNullException>("Then", () => new UnrolledPretraining { Then = null! });
        using nn.Module<Tensor, Tensor> none = SmallRegression.Model();
        using Trainer refused = new(none, new Regression(), SmallRegression.Source(), options: SmallRegression.Options with { Solves = new Never() });
        Assert.Contains("Never must give a phase a share", Assert.Throws<InvalidOperationException>(() => refused.Run()).Message, StringComparison.Ordinal);
    }

    private static TrainingOptions Pretrained(long steps, double noise) =>
        SmallRegression.Options with { Solves = new UnrolledPretraining { TrainingSteps = steps, StartNoise = noise } };

    private static Tensor[] Taken(Network model)
    {
        Parameter[] parameters = [.. model.parameters()];
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad!.clone())];
        foreach (Parameter parameter in parameters)
        {
            parameter.grad = null;
        }

        return gradients;
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

    private sealed record Never : SolveSchedule
    {
        public override IReadOnlyList<SolvePhase> Phases(ulong draw) => [new() { Unrolled = 0 }];
    }

    private sealed class Network : nn.Module<Tensor, Tensor>
    {
        private readonly ImplicitLayer _layer;

        public Network(FixedPointSolver solver)
            : base(nameof(Network))
        {
            Map map = new();
            Weight = map.Weight;
            Encoder = nn.Linear(3, 5, dtype: ScalarType.Float64);
            Readout = nn.Linear(5, 2, dtype: ScalarType.Float64);
            _layer = new ImplicitLayer(new ModuleOperator(map)) { Solver = solver, Gradient = new ImplicitGradient(), OnFailure = new MaskFailures() };
            RegisterComponents();
        }

        public Parameter Weight { get; }

        public nn.Module<Tensor, Tensor> Encoder { get; }

        public nn.Module<Tensor, Tensor> Readout { get; }

        public override Tensor forward(Tensor input) => Readout.call(_layer.call(Encoder.call(input)));

        private sealed class Map : nn.Module<Tensor, Tensor, Tensor>
        {
            public Map()
                : base(nameof(Map)) => RegisterComponents();

            public Parameter Weight { get; } = new(randn(5, 5, ScalarType.Float64));

            public override Tensor forward(Tensor u, Tensor q) => (nn.functional.linear(u, Weight) + q).tanh();
        }
    }
}
