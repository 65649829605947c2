using ImplicitNet.Gradients;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>What a failed sample does to the gradients of weights: nothing. They are those of a batch without it.</summary>
public sealed class MaskedGradientTests : TensorTest
{
    private static readonly Dictionary<string, FixedPointGradient> Gradients = new()
    {
        ["JFB"] = new JacobianFreeGradient(),
        ["Neumann"] = new NeumannGradient { Terms = 4 },
        ["phantom"] = new PhantomGradient(),
        ["refined"] = new RefinedGradient(),
        ["implicit"] = new ImplicitGradient(),
        ["inverse"] = new InverseReuseGradient(),
        ["unrolled"] = new UnrolledGradient { Steps = 7 },
    };

    public static TheoryData<string, string, ScalarType> Cases()
    {
        TheoryData<string, string, ScalarType> cases = [];
        foreach (string gradient in Gradients.Keys)
        {
            foreach (string latent in (string[])["contraction", "module", "closure", "explicit"])
            {
                cases.Add(gradient, latent, ScalarType.Float64);
                cases.Add(gradient, latent, ScalarType.Float32);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_network_learns_from_the_others_what_it_would_learn_without_the_samples_that_failed(string gradient, string latent, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(21);
        using ImplicitNetwork network = Network(latent, gradient, dtype);
        Tensor data = randn(6, 4, dtype);
        foreach ((int Sample, double Value)[] failures in new (int, double)[][]
        {
            [(1, double.NaN)],
            [(0, double.PositiveInfinity)],
            [(5, double.NegativeInfinity), (2, double.NaN)],
            [(0, double.NaN), (1, double.NaN), (2, double.NaN), (3, double.NaN), (4, double.NaN)],
        })
        {
            Tensor broken = data.clone();
            foreach ((int sample, double value) in failures)
            {
                broken[sample, sample % 4] = value;
            }

            long[] good = [.. Enumerable.Range(0, 6).Where(sample => broken[sample].isfinite().all().ToBoolean()).Select(sample => (long)sample)];
            Dictionary<string, Tensor> expected = Learn(network, data.index_select(0, tensor(good)), out _);
            Dictionary<string, Tensor> found = Learn(network, broken, out int counted);
            Assert.Equal(good.Length, counted);
            foreach ((string name, Tensor value) in expected)
            {
                double error = (found[name] - value).abs().max().ToDouble() / (1e-3 + value.abs().max().ToDouble());

                // What a solver learns of the inverse depends on its path, and that on rounding near the end.
                Assert.True(error <= (gradient == "inverse" ? 0.05 : dtype == ScalarType.Float64 ? 1e-9 : 1e-4), $"{name}: {error}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Where_all_samples_fail_the_loss_is_not_a_number_and_every_gradient_zero(string gradient, string latent, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Network(latent, gradient, dtype);
        using ImplicitResult result = network.Run(full([3, 4], double.NaN, dtype), penalty: new JacobianPenalty());
        Tensor loss = result.Average(result.Output.square().sum(1)) + result.Average(result.Penalties!);
        loss.backward();
        Assert.Equal(double.NaN, loss.ToDouble());
        Assert.All(network.parameters(), parameter => Assert.Equal(0, parameter.grad!.abs().max().ToDouble()));
        Assert.Contains("No sample converged, of 3", result.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("JFB")]
    [InlineData("implicit")]
    [InlineData("unrolled")]
    public void A_coupled_map_that_fails_moves_no_weight(string gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(22);
        using ImplicitNetwork network = new(nn.Linear(4, 5), new CoupledModuleOperator(new Mixing()), nn.Linear(5, 2))
        {
            OnFailure = new MaskFailures(),
            Gradient = Gradients[gradient],
        };
        Tensor data = randn(6, 4);
        data[3, 1] = double.NaN;
        Assert.All(Learn(network, data, out int counted).Values, value => Assert.Equal(0, value.abs().max().ToDouble()));
        Assert.Equal(0, counted);
        Assert.Contains(Learn(network, randn(6, 4), out counted), entry => entry.Value.abs().max().ToDouble() > 0);
        Assert.Equal(6, counted);
    }

    [Fact]
    public void A_layer_in_a_model_of_ones_own_keeps_failures_from_what_comes_after_it()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(23);
        using ImplicitLayer layer = new(new ContractionOperator(new BoundedLinear(5, 5), 0.7)) { OnFailure = new MaskFailures() };
        using Linear head = nn.Linear(5, 2);
        Tensor q = randn(4, 5);
        q[2] = double.NaN;
        q.requires_grad_();
        using ImplicitResult result = layer.Run(q);
        result.Average(head.call(result.Output).square().sum(1)).backward();
        Assert.All(layer.parameters().Concat(head.parameters()).Append(q), parameter => Assert.True(parameter.grad!.isfinite().all().ToBoolean()));
        Assert.Equal(0, q.grad![2].abs().max().ToDouble());
        Assert.True(result.Latent[2].isnan().any().ToBoolean());
    }

    [Fact]
    public void Samples_that_ran_out_of_steps_keep_their_output_and_send_nothing_back()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(24);
        using ImplicitNetwork network = new(nn.Linear(4, 5), new ContractionOperator(new BoundedLinear(5, 5), 0.9), nn.Linear(5, 2))
        {
            OnFailure = new MaskFailures(),
            Stopping = new StoppingRule { RelativeTolerance = 1e-9, MaxSteps = 2 },
        };
        Tensor data = randn(3, 4);
        using ImplicitResult result = network.Run(data);
        Assert.All(result.Included, Assert.False);
        Assert.True((result.Output - network.Readout.call(result.Latent)).abs().max().ToDouble() < 1e-6);
        result.Average(result.Output.sum(1)).backward();
        Assert.All(network.parameters(), parameter => Assert.Equal(0, parameter.grad!.abs().max().ToDouble()));
    }

    [Fact]
    public void A_picture_of_NaN_spoils_neither_gradients_nor_running_statistics_in_training()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(25);
        using ImplicitNetwork network = DigitClassifier.Create();
        network.OnFailure = new MaskFailures();
        Tensor images = randn(6, 1, 28, 28);
        images[4] = double.NaN;
        using ImplicitResult result = network.Run(images);
        Assert.Equal([true, true, true, true, false, true], result.Included);
        result.Average(nn.functional.cross_entropy(result.Output, arange(6, ScalarType.Int64), reduction: nn.Reduction.None)).backward();
        Assert.All(network.parameters(), parameter => Assert.True(parameter.grad!.isfinite().all().ToBoolean()));
        Assert.All(network.buffers(), buffer => Assert.True(buffer.isfinite().all().ToBoolean()));
        Assert.True(result.Output[4].isnan().all().ToBoolean());
    }

    private static Dictionary<string, Tensor> Learn(ImplicitNetwork network, Tensor data, out int counted)
    {
        network.zero_grad();
        using ImplicitResult result = network.Run(data);
        counted = result.Included.Count(included => included);
        result.Average((result.Output.exp() + result.Output).sum(1)).backward();
        return network.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.grad!.clone());
    }

    private static ImplicitNetwork Network(string latent, string gradient, ScalarType dtype)
    {
        LatentOperator Contraction() => new ContractionOperator(new BoundedLinear(5, 5, dtype), 0.7, LatentActivation.Tanh);
        ImplicitNetwork network = new(
            nn.Sequential(nn.Linear(4, 5, dtype: dtype), nn.Tanh()),
            latent switch
            {
                "contraction" => Contraction(),
                "explicit" => new ExplicitOperator(Contraction()),
                "module" => new ModuleOperator(new Squashed(dtype)),
                _ => new Captured(dtype),
            },
            nn.Sequential(nn.Linear(5, 3, dtype: dtype), nn.Tanh(), nn.Linear(3, 2, dtype: dtype)))
        {
            OnFailure = new MaskFailures(),
            Gradient = Gradients[gradient],
            Solver = gradient == "inverse" ? new BroydenSolver { KeepInverse = true } : new PicardSolver(),
            Stopping = new StoppingRule { RelativeTolerance = dtype == ScalarType.Float64 ? 1e-12 : 1e-6, MaxSteps = 200 },
        };
        return network;
    }

    /// <summary>Batch normalisation in R.</summary>
    private sealed class Mixing : nn.Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "norm")]
        private readonly BatchNorm1d _norm = nn.BatchNorm1d(5);

        public Mixing()
            : base(nameof(Mixing)) => RegisterComponents();

        public override Tensor forward(Tensor u, Tensor q) => _norm.call((u * 0.3) + q) * 0.3;
    }

    private sealed class Squashed : nn.Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "linear")]
        private readonly Linear _linear;

        public Squashed(ScalarType dtype)
            : base(nameof(Squashed))
        {
            _linear = nn.Linear(5, 5, dtype: dtype);
            RegisterComponents();
        }

        public override Tensor forward(Tensor u, Tensor q) => (0.5 * _linear.call(u).tanh()) + q;
    }

    /// <summary>A map that holds what it computes with in its function.</summary>
    private sealed class Captured : LatentOperator
    {
        [ComponentName(Name = "inner")]
        private readonly Squashed _inner;

        public Captured(ScalarType dtype)
            : base(nameof(Captured))
        {
            _inner = new Squashed(dtype);
            RegisterComponents();
        }

        public override FixedPointMap Bind(Tensor q)
        {
            Tensor scaled = (q * 0.9).DetachFromDisposeScope();
            return new PerSampleMap(_inner.forward, scaled, owned: scaled);
        }

        public override Tensor StartingLatent(Tensor q) => q.detach().clone();
    }
}
