using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

public sealed class GradientCertifierTests : TensorTest
{
    private static readonly GradientCertifier Thorough = new() { GradientsBySample = true, PowerIterations = 200 };

    [Fact]
    public void The_defaults_are_pinned()
    {
        GradientCertifier options = new();
        Assert.Equal(
            (new GmresSolver { Restart = 60, MaxProducts = 300 }, null, 30, false, 0, 60),
            (options.Reference, options.ReferenceTolerance, options.PowerIterations, options.GradientsBySample, options.ConditionSamples, options.LanczosSteps));
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new GradientCertifier { Reference = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientCertifier { ReferenceTolerance = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientCertifier { PowerIterations = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientCertifier { ConditionSamples = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientCertifier { LanczosSteps = 0 });
    }

    [Theory]
    [InlineData("jfb")]
    [InlineData("neumann")]
    [InlineData("refined")]
    [InlineData("inverse reuse")]
    [InlineData("implicit")]
    public void Directions_factors_and_bounds_are_those_of_dense_algebra(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(71);
        using ImplicitNetwork network = SmallNetwork.Create(0.8);
        network.Gradient = GradientCases.Get(name);
        Tensor data = randn([3, 3], ScalarType.Float64);
        GradientCertificate certificate = Thorough.Certify(network, data, SmallNetwork.Losses);
        for (int sample = 0; sample < 3; sample++)
        {
            (Tensor jacobian, Tensor g) = Dense(network, data.narrow(0, sample, 1));
            SampleCertificate found = certificate.Samples[sample];
            Assert.Equal(linalg.norm(jacobian, 2).ToDouble(), found.Factor, 1e-6);
            Assert.InRange(found.Residual, 0, 1e-11);
            Assert.InRange(found.ReferenceResidual, 0, 1e-11);
            Tensor exact = linalg.solve(eye(5, dtype: ScalarType.Float64) - jacobian.t(), g);
            if (name == "jfb")
            {
                Assert.Equal((g.dot(exact) / (g.norm() * exact.norm())).ToDouble(), found.Direction!.Value.Cosine, 1e-8);
                Assert.Equal(((g - exact).norm() / exact.norm()).ToDouble(), found.Direction!.Value.RelativeError, 1e-8);
            }

            Assert.True(found.Direction!.Value.RelativeError <= found.DirectionBound + 1e-12);
            Assert.True(found.Direction!.Value.RelativeError <= (certificate.DirectionBound ?? 1e9));
        }

        Assert.Equal(name is "jfb" or "neumann", certificate.DirectionBound is not null);
    }

    [Theory]
    [MemberData(nameof(GradientCases.Names), MemberType = typeof(GradientCases))]
    public void The_parameter_gradient_compared_is_that_of_backward(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(72);
        using ImplicitNetwork network = SmallNetwork.Create(0.8);
        Tensor data = randn([4, 3], ScalarType.Float64);
        network.Gradient = GradientCases.Get("implicit");
        Tensor exact = Backward(network, data);
        network.Gradient = GradientCases.Get(name);
        Tensor used = Backward(network, data);
        Agreement found = Thorough.Certify(network, data, SmallNetwork.Losses).Gradient;
        Assert.Equal((used.dot(exact) / (used.norm() * exact.norm())).ToDouble(), found.Cosine, 1e-8);
        Assert.Equal(((used - exact).norm() / exact.norm()).ToDouble(), found.RelativeError, 1e-8);
        Assert.InRange(found.RelativeError, 0, name is "implicit" or "unrolled" ? 1e-5 : 1);
    }

    [Theory]
    [InlineData("jfb")]
    [InlineData("phantom")]
    public void A_samples_gradient_is_what_it_is_alone(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(73);
        using ImplicitNetwork network = SmallNetwork.Create(0.8);
        network.Gradient = GradientCases.Get(name);
        Tensor data = randn([3, 3], ScalarType.Float64);
        GradientCertificate together = Thorough.Certify(network, data, SmallNetwork.Losses);
        for (int sample = 0; sample < 3; sample++)
        {
            GradientCertificate alone = Thorough.Certify(network, data.narrow(0, sample, 1), SmallNetwork.Losses);
            Assert.Equal(alone.Gradient.Cosine, together.Samples[sample].Gradient!.Value.Cosine, 1e-9);
            Assert.Equal(alone.Gradient.RelativeError, together.Samples[sample].Gradient!.Value.RelativeError, 1e-9);
            Assert.Equal(alone.Gradient.RelativeError, alone.Samples[0].Gradient!.Value.RelativeError, 1e-12);
        }
    }

    [Fact]
    public void Several_gradients_are_certified_on_one_solve()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(74);
        using ImplicitNetwork network = SmallNetwork.Create(0.9);
        Tensor data = randn([4, 3], ScalarType.Float64);
        IReadOnlyList<GradientCertificate> found = Thorough.Compare(
            network, data, SmallNetwork.Losses, [new JacobianFreeGradient(), new NeumannGradient { Terms = 5 }, new NeumannGradient { Terms = 40 }, new RefinedGradient { Products = 6 }]);
        Assert.Equal(["JFB", "Neumann(5)", "Neumann(40)", "refined(6)"], found.Select(certificate => certificate.Label));
        Assert.True(found[0].Gradient.RelativeError > found[1].Gradient.RelativeError);
        Assert.True(found[1].Gradient.RelativeError > found[2].Gradient.RelativeError);
        Assert.InRange(found[3].Gradient.RelativeError, 0, 1e-9);
        Assert.Equal(found[0].Gradient, Thorough.Certify(network, data, SmallNetwork.Losses).Gradient);
    }

    [Fact]
    public void Nothing_changes_in_training_mode_with_dropout_and_batch_statistics()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(75);
        using ImplicitNetwork network = SmallNetwork.Create(
            0.8,
            nn.Sequential(("linear", nn.Linear(3, 5, dtype: ScalarType.Float64)), ("norm", nn.BatchNorm1d(5, dtype: ScalarType.Float64))),
            nn.Sequential(("dropout", nn.Dropout(0.5)), ("linear", nn.Linear(5, 2, dtype: ScalarType.Float64))));
        network.train();
        Tensor data = randn([6, 3], ScalarType.Float64);
        byte[][] before = State(network);
        GradientCertificate first = (Thorough with { ConditionSamples = 1 }).Certify(network, data, SmallNetwork.Losses);
        Assert.Equal(before, State(network));
        Assert.All(network.parameters(), parameter => Assert.True(parameter.grad is null));
        Assert.Equal(first.Gradient, Thorough.Certify(network, data, SmallNetwork.Losses).Gradient);
    }

    [Fact]
    public void A_sample_left_out_of_the_loss_does_not_count()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(76);
        using ImplicitNetwork network = SmallNetwork.Create(0.9);
        network.OnFailure = new MaskFailures();
        Tensor data = randn([3, 3], ScalarType.Float64);
        Agreement expected = Thorough.Certify(network, data.narrow(0, 0, 2), SmallNetwork.Losses).Gradient;
        data[2] = double.NaN;
        GradientCertificate certificate = Thorough.Certify(network, data, SmallNetwork.Losses);
        Assert.Equal([true, true, false], certificate.Samples.Select(sample => sample.Counts));
        Assert.Equal(SolveStatus.NonFinite, certificate.Samples[2].Status);
        Assert.Equal(2, certificate.Counted.Count());
        Assert.InRange(certificate.Contraction.Measured, 0, 0.9);
        Assert.Equal(expected.Cosine, certificate.Gradient.Cosine, 1e-9);
        Assert.Equal(expected.RelativeError, certificate.Gradient.RelativeError, 1e-9);
    }

    [Fact]
    public void A_reference_that_is_not_exact_proves_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(77);
        using ImplicitNetwork network = SmallNetwork.Create(0.95);
        GradientCertifier weak = new() { Reference = new GmresSolver { MaxProducts = 1 } };
        GradientCertificate certificate = weak.Certify(network, randn([2, 3], ScalarType.Float64), SmallNetwork.Losses);
        Assert.InRange(certificate.ReferenceResidual, 0.01, 1);
        Assert.Equal(Verdict.Unknown, certificate.Verdict);
        Assert.StartsWith("Nothing is known: the reference", certificate.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_certified_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = SmallNetwork.Create(0.5);
        GradientCertifier certifier = new();
        Tensor data = randn([2, 3], ScalarType.Float64);
        Assert.Contains("[0, 3]", Assert.Throws<ArgumentException>(() => certifier.Certify(network, zeros(0, 3, ScalarType.Float64), SmallNetwork.Losses)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => certifier.Certify(network, data, outputs => outputs.sum()));
        Assert.Throws<ArgumentException>(() => certifier.Certify(network, data, outputs => outputs.detach().sum(1)));
        network.Solver = new PicardSolver();
        network.Gradient = new InverseReuseGradient();
        Assert.Contains("KeepInverse", Assert.Throws<InvalidOperationException>(() => certifier.Certify(network, data, SmallNetwork.Losses)).Message, StringComparison.Ordinal);
        foreach (Tensor parameter in network.parameters())
        {
            parameter.requires_grad_(false);
        }

        Assert.Contains("requires a gradient", Assert.Throws<InvalidOperationException>(() => certifier.Certify(network, data, SmallNetwork.Losses)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_only_the_readout_is_trained_every_gradient_is_exact()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = SmallNetwork.Create(0.9);
        foreach (Tensor parameter in network.Encoder.parameters().Concat(network.Layer.parameters()))
        {
            parameter.requires_grad_(false);
        }

        GradientCertificate certificate = (Thorough with { ConditionSamples = 1 }).Certify(network, randn([2, 3], ScalarType.Float64), SmallNetwork.Losses);
        Assert.Equal(new Agreement(1, 0), certificate.Gradient with { Cosine = Math.Round(certificate.Gradient.Cosine, 12) });
        Assert.Equal(ConditionStatus.RankDeficient, certificate.Samples[0].Condition!.Value.Condition.Status);
        Assert.NotEqual(1, certificate.Samples[0].Direction!.Value.Cosine);
    }

    private static Tensor Backward(ImplicitNetwork network, Tensor data)
    {
        network.zero_grad();
        SmallNetwork.Losses(network.call(data)).mean().backward();
        return cat([.. network.parameters().Select(parameter => parameter.grad!.flatten().clone())]);
    }

    private static byte[][] State(ImplicitNetwork network) =>
        [.. network.state_dict().Values.Append(get_rng_state()).Select(tensor => tensor.bytes.ToArray())];

    private static (Tensor Jacobian, Tensor G) Dense(ImplicitNetwork network, Tensor data)
    {
        Tensor q = network.Encoder.call(data).detach();
        using FixedPointMap map = network.Layer.Operator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), stopping: network.Stopping);
        Tensor point = solution.Latent.detach().clone().requires_grad_();
        Tensor mapped = map.Evaluate(point);
        Tensor jacobian = cat([.. Enumerable.Range(0, 5).Select(row => VectorProducts.TransposeProduct(mapped, point, nn.functional.one_hot(tensor([(long)row]), 5).to(ScalarType.Float64)))]);
        Tensor latent = mapped.detach().requires_grad_();
        Tensor loss = SmallNetwork.Losses(network.Readout.call(latent)).sum();
        return (jacobian.detach(), VectorProducts.TransposeProduct(loss, latent, ones_like(loss)).flatten());
    }
}
