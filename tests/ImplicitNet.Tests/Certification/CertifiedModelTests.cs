using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

/// <summary>Certificates of any model with implicit solves in it, against finite differences, dense inverses and the network's own.</summary>
public sealed class CertifiedModelTests : TensorTest
{
    private static readonly GradientCertifier Thorough = new() { GradientsBySample = true, PowerIterations = 200 };

    private static readonly SolveSettings Tight = new()
    {
        Solver = new BroydenSolver { KeepInverse = true },
        Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 300 },
    };

    public static TheoryData<string> Models => ["sequential", "twice", "implicit", "coupled"];

    [Theory]
    [MemberData(nameof(Models))]
    public void The_gradients_compared_are_that_of_backward_and_finite_differences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using Model model = Model.Create(name);
        Tensor data = randn(4, 3, ScalarType.Float64);
        Tensor[] parameters = [.. model.parameters()];
        Tensor exact = cat([.. parameters.Select(parameter => Difference(parameter, () => Loss(model, data).ToDouble()).flatten())]);
        foreach (FixedPointGradient gradient in (FixedPointGradient[])[new JacobianFreeGradient(), new NeumannGradient { Terms = 2 }, new PhantomGradient()])
        {
            GradientCertificate found = Thorough.Compare(model, () => Losses(model, data), [gradient])[0];
            using SolveScope all = new(settings => settings with { Gradient = gradient });
            Tensor used = cat([.. VectorProducts.TransposeProducts(Loss(model, data), parameters, ones(dtype: ScalarType.Float64, size: [])).Select(each => each!.flatten())]);
            Assert.Equal((used.dot(exact) / (used.norm() * exact.norm())).ToDouble(), found.Gradient.Cosine, 1e-7);
            Assert.Equal(((used - exact).norm() / exact.norm()).ToDouble(), found.Gradient.RelativeError, 1e-6);
            Assert.Equal(all.Solves.Count, found.Solves.Count);
            Assert.InRange(found.Gradient.RelativeError, 1e-3, 2);
        }

        Assert.InRange(Thorough.Compare(model, () => Losses(model, data), [new ImplicitGradient()])[0].Gradient.RelativeError, 0, 1e-8);
    }

    [Fact]
    public void The_direction_at_each_of_two_layers_is_compared_to_the_dense_inverse_for_what_comes_to_it()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using Model model = Model.Create("sequential");
        Tensor data = randn(1, 3, ScalarType.Float64);
        GradientCertificate found = Thorough.Compare(model, () => Losses(model, data), [new JacobianFreeGradient()])[0];
        using IDisposable noGraph = no_grad();
        Tensor first = model.Layers[0].call(model.Encoder.call(data)), second = model.Layers[1].call(first);
        Func<double> fromFirst = () => model.Head.call(model.Layers[1].call(first)).square().sum().ToDouble();
        Func<double> fromSecond = () => model.Head.call(second).square().sum().ToDouble();
        (Tensor, Tensor, Func<double>)[] solves = [(first, model.Encoder.call(data), fromFirst), (second, first.clone(), fromSecond)];
        Assert.Equal(model.Layers, found.Solves.Select(solve => solve.Layer));
        foreach (((Tensor latent, Tensor q, Func<double> loss), int i) in solves.Select((solve, i) => (solve, i)))
        {
            Tensor g = Difference(latent, loss).flatten();
            using FixedPointMap map = model.Layers[i].Operator.Bind(q);
            Tensor jacobian = stack([.. Enumerable.Range(0, 5).Select(column => Difference(latent, map, column))], 1);
            Tensor exact = linalg.solve(eye(5, dtype: ScalarType.Float64) - jacobian.t(), g);
            SampleCertificate sample = found.Solves[i].Samples[0];
            Assert.Equal((g.dot(exact) / (g.norm() * exact.norm())).ToDouble(), sample.Direction!.Value.Cosine, 1e-6);
            Assert.Equal(((g - exact).norm() / exact.norm()).ToDouble(), sample.Direction!.Value.RelativeError, 1e-6);
            Assert.Equal(linalg.norm(jacobian, 2).ToDouble(), sample.Factor, 1e-6);
            Assert.True(sample.Direction.Value.RelativeError <= sample.DirectionBound + 1e-9 && sample.DirectionBound <= found.Solves[i].DirectionBound * 4);
            Assert.InRange(sample.ReferenceResidual, 0, 1e-10);
        }

        Assert.Equal(found.Solves.SelectMany(solve => solve.Samples), found.Samples);
        Assert.Equal(found.Solves.Max(solve => solve.Contraction.Measured), found.Contraction.Measured);
        Assert.Equal(found.Gradient.RelativeError, found.Samples[0].Gradient!.Value.RelativeError, 1e-9);
    }

    [Fact]
    public void A_coupled_map_is_one_system_with_one_entry()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor graph = softmax(randn(4, 4, ScalarType.Float64), 1) * 0.7;
        using TorchSharp.Modules.Linear encoder = nn.Linear(3, 2, dtype: ScalarType.Float64);
        Tensor data = randn(4, 3, ScalarType.Float64);
        Tensor Solved()
        {
            using CoupledMap map = new((u, inputs) => graph.mm(u) + inputs.Shared[0], new MapInputs { Shared = [encoder.call(data)] });
            return Implicit.Solve(map, zeros(4, 2, ScalarType.Float64), Tight).square().sum(1);
        }

        GradientCertificate found = (Thorough with { ConditionSamples = 2 }).Certify(encoder, Solved);
        SampleCertificate entry = Assert.Single(Assert.Single(found.Solves).Samples);
        Assert.Null(found.Solves[0].Layer);
        Tensor jacobian = kron(graph, eye(2, dtype: ScalarType.Float64));
        Tensor latent = linalg.inv(eye(4, dtype: ScalarType.Float64) - graph).mm(encoder.call(data)).detach();
        Tensor g = (latent * 2 / 4).flatten();
        Tensor exact = linalg.solve(eye(8, dtype: ScalarType.Float64) - jacobian.t(), g);
        Assert.Equal(linalg.norm(graph, 2).ToDouble(), entry.Factor, 1e-6);
        Assert.Equal((g.dot(exact) / (g.norm() * exact.norm())).ToDouble(), entry.Direction!.Value.Cosine, 1e-9);
        Assert.Equal(((g - exact).norm() / exact.norm()).ToDouble(), entry.Direction!.Value.RelativeError, 1e-9);
        Assert.Equal((SolveStatus.Converged, true), (entry.Status, entry.Counts));
        Assert.NotNull(entry.Condition);
    }

    [Fact]
    public void A_network_is_certified_alike_as_a_network_and_as_a_model()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using ImplicitNetwork network = SmallNetwork.Create(0.8, readout: nn.Sequential(nn.Dropout(0.3), nn.Linear(5, 2, dtype: ScalarType.Float64)));
        network.Stopping = network.Stopping with { RelativeTolerance = 1e-3 };
        Tensor data = randn(3, 3, ScalarType.Float64);
        GradientCertifier certifier = Thorough with { ConditionSamples = 2, LanczosSteps = 5 };
        foreach (string name in (string[])["jfb", "phantom", "inverse reuse"])
        {
            network.Gradient = GradientCases.Get(name);
            GradientCertificate own = certifier.Certify(network, data, SmallNetwork.Losses);
            GradientCertificate any = certifier.Certify(network, () => SmallNetwork.Losses(network.call(data)));
            Assert.Equal(own.Gradient, any.Gradient);
            Assert.Equal(own.Samples.Select(sample => sample with { Condition = null }), any.Samples.Select(sample => sample with { Condition = null }));
            Assert.All(own.Samples.Zip(any.Samples).Take(2), pair => Assert.Equal(
                pair.First.Condition!.Value.Condition.Value, pair.Second.Condition!.Value.Condition.Value, 1e-6 * pair.First.Condition.Value.Condition.Value));
            Assert.Equal((own.Label, own.ToString(), own.Verdict), (any.Label, any.ToString(), any.Verdict));
        }
    }

    [Fact]
    public void A_loss_of_one_number_is_as_good_as_one_a_sample()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using Model model = Model.Create("sequential");
        Tensor data = randn(4, 3, ScalarType.Float64);
        GradientCertificate each = Thorough.Certify(model, () => Losses(model, data));
        GradientCertificate mean = Thorough.Certify(model, () => Losses(model, data).mean());
        Assert.Equal(each.Gradient.RelativeError, mean.Gradient.RelativeError, 1e-12);
        Assert.Equal("JFB + Neumann(3)", each.Label);
        Assert.All(mean.Samples, sample => Assert.Null(sample.Gradient));
        Assert.All(each.Samples, sample => Assert.NotNull(sample.Gradient));
    }

    [Fact]
    public void A_loss_may_contain_the_penalties_of_the_layers()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        using Model model = Model.Create("sequential");
        Tensor data = randn(4, 3, ScalarType.Float64);
        Tensor[] parameters = [.. model.parameters()];
        Tensor Penalised()
        {
            random.manual_seed(10);
            using SolveScope own = new(penalty: new JacobianPenalty { Weight = 5 });
            Tensor losses = Losses(model, data);
            return losses + own.Solves[0].Penalties! + own.Solves[1].Penalties!;
        }

        Tensor Backward(FixedPointGradient gradient)
        {
            using SolveScope all = new(settings => settings with { Gradient = gradient });
            return cat([.. VectorProducts.TransposeProducts(Penalised().mean(), parameters, ones(dtype: ScalarType.Float64, size: [])).Select(each => each!.flatten())]);
        }

        (Tensor used, Tensor exact) = (Backward(new JacobianFreeGradient()), Backward(new ImplicitGradient { RelativeTolerance = 1e-12 }));
        Agreement found = Thorough.Compare(model, Penalised, [new JacobianFreeGradient()])[0].Gradient;
        Assert.Equal(((used - exact).norm() / exact.norm()).ToDouble(), found.RelativeError, 1e-8);
        Assert.NotEqual(Thorough.Compare(model, () => Losses(model, data), [new JacobianFreeGradient()])[0].Gradient.RelativeError, found.RelativeError, 1e-4);
    }

    [Fact]
    public void Failed_samples_are_left_out_in_every_run()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using Model model = Model.Create("sequential");
        using SolveScope masked = new(settings => settings with { OnFailure = new MaskFailures() });
        Tensor data = randn(3, 3, ScalarType.Float64);
        GradientCertificate expected = Thorough.Certify(model, () => Losses(model, data.narrow(0, 0, 2)));
        data[2] = double.NaN;
        GradientCertificate found = Thorough.Certify(model, () =>
        {
            Tensor q = model.Encoder.call(data.nan_to_num());
            q = cat([q.narrow(0, 0, 2), q.narrow(0, 2, 1).detach() * double.NaN]);
            return model.After(q).square().sum(1);
        });
        Assert.Equal(expected.Gradient.RelativeError, found.Gradient.RelativeError, 1e-8);
        Assert.Equal([true, true, false], found.Solves[0].Samples.Select(sample => sample.Counts));
        Assert.Equal(SolveStatus.NonFinite, found.Samples[2].Status);
    }

    [Fact]
    public void Where_nothing_is_known_that_is_what_it_says()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        using TorchSharp.Modules.Linear plain = nn.Linear(3, 2);
        GradientCertificate none = Thorough.Certify(plain, () => plain.call(randn(4, 3)).square().sum(1));
        Assert.Equal((Verdict.Unknown, 0), (none.Verdict, none.Solves.Count));
        Assert.Contains("made no implicit solve", none.Explanation + none, StringComparison.Ordinal);
        using Model model = Model.Create("sequential");
        using SolveScope hurried = new(settings => settings with { Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 2 }, OnFailure = new WarnOnFailure { Warn = static _ => { } } });
        GradientCertificate unconverged = Thorough.Certify(model, () => Losses(model, randn(2, 3, ScalarType.Float64)));
        Assert.Equal(Verdict.Unknown, unconverged.Verdict);
        Assert.Contains("no solve that counts converged", unconverged.Explanation, StringComparison.Ordinal);
        using SolveScope masked = new(settings => settings with { OnFailure = new MaskFailures() });
        Assert.Contains("no sample counts", Thorough.Certify(model, () => Losses(model, randn(2, 3, ScalarType.Float64))).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_changes_with_dropout_and_batch_statistics_and_own_random_numbers_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using nn.Module<Tensor, Tensor> model = nn.Sequential(
            nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), new ImplicitLayer(new ContractionOperator(new BoundedLinear(5, 5), 0.7)), nn.Linear(5, 2));
        Tensor data = randn(6, 3);
        byte[][] before = [.. model.state_dict().Values.Append(get_rng_state()).Select(tensor => tensor.bytes.ToArray())];
        GradientCertificate first = Thorough.Certify(model, () => model.call(data).square().sum(1));
        Assert.Equal(before, [.. model.state_dict().Values.Append(get_rng_state()).Select(tensor => tensor.bytes.ToArray())]);
        Assert.All(model.parameters(), parameter => Assert.True(parameter.grad is null));
        Assert.Equal(first.Gradient, Thorough.Certify(model, () => model.call(data).square().sum(1)).Gradient);
        int run = 0;
        string refused = Assert.Throws<InvalidOperationException>(() => Thorough.Certify(model, () => model.call(data).square().sum(1) * ++run)).Message;
        Assert.Contains("another function at every run", refused, StringComparison.Ordinal);
        run = 0;
        Assert.Contains("solves", Assert.Throws<InvalidOperationException>(
            () => Thorough.Certify(model, () => run++ == 0 ? model.call(data).square().sum(1) : (model.call(data) + model.call(data)).square().sum(1))).Message, StringComparison.Ordinal);
        run = 0;
        Assert.Contains("solves", Assert.Throws<InvalidOperationException>(
            () => Thorough.Certify(model, () => run++ > 0 ? model.call(data).square().sum(1) : (model.call(data) + model.call(data)).square().sum(1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Thorough.Certify(model, () => ones(3)));
        Assert.Throws<ArgumentException>(() => Thorough.Certify(model, () => model.call(randn(6, 3)).sum(1).narrow(0, 0, 0)));
        Assert.Throws<ArgumentException>(() => Thorough.Certify(model, () => null!));
        Assert.Throws<ArgumentException>(() => Thorough.Compare(model, () => model.call(data).sum(1), [null!]));
        Assert.Throws<ArgumentNullException>(() => Thorough.Certify((nn.Module)null!, () => ones(1)));
        Assert.Throws<ArgumentNullException>(() => Thorough.Certify(model, null!));
    }

    private static Tensor Losses(Model model, Tensor data) => model.call(data).square().sum(1);

    private static Tensor Loss(Model model, Tensor data) => Losses(model, data).mean();

    private static Tensor Difference(Tensor variable, Func<double> loss)
    {
        using IDisposable noGraph = no_grad();
        Tensor gradient = zeros_like(variable);
        for (long i = 0; i < variable.numel(); i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor one = zeros(variable.numel(), ScalarType.Float64);
            one[i] = 1e-5;
            variable.add_(one.reshape(variable.shape));
            double above = loss();
            variable.sub_(2 * one.reshape(variable.shape));
            double below = loss();
            variable.add_(one.reshape(variable.shape));
            gradient.view(-1)[i] = (above - below) / 2e-5;
        }

        return gradient;
    }

    private static Tensor Difference(Tensor latent, FixedPointMap map, int column)
    {
        Tensor one = zeros_like(latent);
        one[0, column] = 1e-5;
        return ((map.Evaluate(latent + one) - map.Evaluate(latent - one)) / 2e-5).flatten();
    }

    private sealed class Model : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "encoder")]
        private readonly nn.Module<Tensor, Tensor> _encoder = nn.Linear(3, 5, dtype: ScalarType.Float64);

        [ComponentName(Name = "first")]
        private readonly ImplicitLayer _first = Layer(0.8, new JacobianFreeGradient());

        [ComponentName(Name = "second")]
        private readonly ImplicitLayer _second = Layer(0.7, new NeumannGradient { Terms = 3 });

        [ComponentName(Name = "head")]
        private readonly nn.Module<Tensor, Tensor> _head = nn.Linear(5, 2, dtype: ScalarType.Float64);

        private readonly string _name;

        private Model(string name)
            : base(name)
        {
            _name = name;
            RegisterComponents();
        }

        public nn.Module<Tensor, Tensor> Encoder => _encoder;

        public nn.Module<Tensor, Tensor> Head => _head;

        public ImplicitLayer[] Layers => [_first, _second];

        public static Model Create(string name) => new(name);

        public override Tensor forward(Tensor data) => After(_encoder.call(data));

        public Tensor After(Tensor q) => _head.call(_name switch
        {
            "twice" => _second.call(_first.call(q) + _first.call(q * 0.5)),
            "implicit" => _second.call(Implicit.Solve((u, given) => ((u * 0.4) + given).tanh(), zeros_like(q).detach(), _first.call(q), Tight)),
            "coupled" => Coupled(_first.call(q)) + _second.call(q),
            _ => _second.call(_first.call(q)),
        });

        private static Tensor Coupled(Tensor q)
        {
            using CoupledMap map = new((u, inputs) => ((u.mean([0], keepdim: true) * 0.5) + inputs.Shared[0]).tanh(), new MapInputs { Shared = [q] });
            return Implicit.Solve(map, zeros_like(q).detach(), Tight);
        }

        private static ImplicitLayer Layer(double gamma, FixedPointGradient gradient) =>
            new(new ContractionOperator(new BoundedLinear(5, 5, ScalarType.Float64), gamma, LatentActivation.Tanh)) { Settings = Tight with { Gradient = gradient } };
    }
}
