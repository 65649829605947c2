using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Parts of R that are another function at every evaluation: refused by name, wherever R is.</summary>
public sealed class TrainingPartsTests : TensorTest
{
    private static readonly Dictionary<string, Func<nn.Module<Tensor, Tensor>>> Parts = new()
    {
        ["Dropout"] = () => nn.Dropout(0.2),
        ["Dropout1d"] = () => nn.Dropout1d(0.2),
        ["Dropout2d"] = () => nn.Dropout2d(0.2),
        ["Dropout3d"] = () => nn.Dropout3d(0.2),
        ["AlphaDropout"] = () => nn.AlphaDropout(0.2),
        ["FeatureAlphaDropout"] = () => nn.FeatureAlphaDropout(0.2),
        ["RReLU"] = () => nn.RReLU(0.1, 0.3),
        ["BatchNorm1d"] = () => nn.BatchNorm1d(4),
        ["BatchNorm2d"] = () => nn.BatchNorm2d(4),
        ["BatchNorm3d"] = () => nn.BatchNorm3d(4),
        ["BatchNormalization"] = () => new BatchNormalization(4),
        ["InstanceNorm1d"] = () => nn.InstanceNorm1d(4, track_running_stats: true),
        ["InstanceNorm2d"] = () => nn.InstanceNorm2d(4, track_running_stats: true),
    };

    public static TheoryData<string> Names() => [.. Parts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_named_and_refused_in_training_and_used_in_evaluation(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        bool couples = name.Contains("Norm", StringComparison.Ordinal);
        nn.Module<Tensor, Tensor, Tensor> Module() => new Around(nn.Sequential(("outer", nn.Sequential(("inner", Parts[name]())))));
        using ModuleOperator module = new(Module());
        using ExplicitOperator twin = new(new ModuleOperator(Module()));
        using CoupledModuleOperator coupled = new(Module());
        using OwnOperator own = new(Module());
        Tensor q = randn(name.Contains('2', StringComparison.Ordinal) ? [3, 4, 2, 2] : name.Contains('3', StringComparison.Ordinal) ? [3, 4, 2, 2, 2] : [3, 4, 2]);
        foreach (LatentOperator latentOperator in (LatentOperator[])[module, twin, coupled, own])
        {
            bool isRefused = !couples || latentOperator is ModuleOperator or ExplicitOperator;
            using ImplicitLayer layer = new(latentOperator) { OnFailure = new WarnOnFailure { Warn = static _ => { } } };
            if (isRefused)
            {
                InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => layer.call(q));
                Assert.Contains($"{name} \"", exception.Message, StringComparison.Ordinal);
                Assert.Contains("outer.inner\"", exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
            }

            layer.eval();
            Assert.Equal(q.shape, layer.call(q).shape);
        }
    }

    [Fact]
    public void A_dropout_that_drops_nothing_is_no_trouble()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ModuleOperator(new Around(nn.Dropout(0))));
        Assert.Equal([3, 4], layer.call(randn(3, 4)).shape);
    }

    [Fact]
    public void A_network_that_draws_in_R_has_no_certificate_either()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new(nn.Linear(4, 4), new OwnOperator(new Around(nn.Dropout(0.2))), nn.Linear(4, 2));
        Assert.Contains(
            "Dropout", Assert.Throws<InvalidOperationException>(() => new GradientCertifier().Certify(network, randn(3, 4), losses => losses.sum(1))).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Gradients() => ["JFB", "Neumann", "phantom", "refined", "implicit", "unrolled"];

    [Theory]
    [MemberData(nameof(Gradients))]
    public void Random_numbers_drawn_in_a_function_are_noticed_when_it_is_attached(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        FixedPointGradient gradient = name switch
        {
            "JFB" => new JacobianFreeGradient(),
            "Neumann" => new NeumannGradient(),
            "phantom" => new PhantomGradient(),
            "refined" => new RefinedGradient(),
            "implicit" => new ImplicitGradient(),
            _ => new UnrolledGradient(),
        };
        Tensor q = randn(4, 6).requires_grad_();
        bool isRandom = true;
        using PerSampleMap map = new((u, input) => (isRandom ? nn.functional.dropout(u, 0.3, training: true) : u) * 0.4 + input, q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(4, 6), stopping: new StoppingRule { MaxSteps = 5 });
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => gradient.Attach(map, solution));
        Assert.StartsWith("R draws random numbers", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);

        // Who draws beside the map, and not in it, is not to blame.
        isRandom = false;
        using PerSampleMap beside = new(
            (u, input) =>
            {
                using Tensor other = rand(3);
                return (u * 0.4) + input;
            },
            q);
        Assert.True(gradient.Attach(beside, solution).requires_grad);
    }

    [Fact]
    public void Statistics_in_R_are_moved_by_the_solve_and_the_attached_step_and_by_no_backward_pass()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        foreach (FixedPointGradient gradient in (FixedPointGradient[])[new ImplicitGradient(), new NeumannGradient(), new UnrolledGradient(), new RefinedGradient()])
        {
            using ImplicitLayer layer = new(new CoupledModuleOperator(new Around(nn.BatchNorm1d(4)))) { Gradient = gradient };
            Tensor statistics = layer.named_buffers().Single(entry => entry.name.EndsWith("running_mean", StringComparison.Ordinal)).buffer;
            using ImplicitResult result = layer.Run(randn(8, 4).requires_grad_());
            Tensor before = statistics.clone();
            Assert.True(before.abs().max().ToDouble() > 0);
            result.Output.square().sum().backward();
            Assert.Equal(0, (statistics - before).abs().max().ToDouble());
            Assert.Equal(0.1, layer.modules().OfType<BatchNorm1d>().Single().momentum);
        }
    }

    /// <summary>R(u, q) = part(0.3 u + q) / 4.</summary>
    private sealed class Around : nn.Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "part")]
        private readonly nn.Module<Tensor, Tensor> _part;

        public Around(nn.Module<Tensor, Tensor> part)
            : base(nameof(Around))
        {
            _part = part;
            RegisterComponents();
        }

        public override Tensor forward(Tensor u, Tensor q) => _part.call((u * 0.3) + q) * 0.25;
    }

    /// <summary>An operator that a user has written.</summary>
    private sealed class OwnOperator : LatentOperator
    {
        [ComponentName(Name = "module")]
        private readonly nn.Module<Tensor, Tensor, Tensor> _module;

        public OwnOperator(nn.Module<Tensor, Tensor, Tensor> module)
            : base(nameof(OwnOperator))
        {
            _module = module;
            RegisterComponents();
        }

        public override FixedPointMap Bind(Tensor q) => new PerSampleMap(_module.call, q);

        public override Tensor StartingLatent(Tensor q) => zeros_like(q).detach();
    }
}
