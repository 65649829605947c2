using ImplicitNet.Certification;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

/// <summary>Radii against those that are known in closed form, and what has none.</summary>
public sealed class RobustnessCertificateTests : TensorTest
{
    [Fact]
    public void The_radii_of_a_linear_network_are_exact()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);

        // u = g u + q, W = g I: u* = q / (1 - g). So the logits are S Q d / (1 - g), and the nearest other class lies beyond a plane.
        using ImplicitNetwork network = Scaled(2.0, LatentActivation.LeakyRelu(1));
        using Tensor data = randn(20, 4, ScalarType.Float64);
        RobustnessCertificate certificate = RobustnessCertificate.Of(network, data), inPixels = RobustnessCertificate.Of(network, data, 4);
        double factor = ((ContractionOperator)network.Layer.Operator).CertifyFactor();
        Assert.InRange(factor, 0.49, 0.5);
        Tensor matrix = ((Linear)network.Readout).weight!.detach() * 2 / (1 - factor);
        Tensor logits = data.mm(matrix.T) + ((Linear)network.Readout).bias!.detach();
        for (int sample = 0; sample < 20; sample++)
        {
            long c = logits[sample].argmax().ToInt64();
            double least = Enumerable.Range(0, 3).Where(j => j != c).Min(j =>
                (logits[sample, c] - logits[sample, j]).ToDouble() / linalg.vector_norm(matrix[c] - matrix[j]).ToDouble());
            (int found, double margin, double radius) = certificate.Samples[sample];
            Assert.Equal(c, found);
            Assert.Equal(logits[sample].topk(2).values.diff(dim: 0).abs().ToDouble(), margin, 1e-8);
            Assert.InRange(radius, (least * (1 - 1e-9)) - 1e-9, least);
            Assert.Equal(radius / 4, inPixels.Samples[sample].Radius, 1e-6 * radius);
        }

        Assert.InRange(certificate.Bound.Value!.Value / linalg.svdvals(matrix).max().ToDouble(), 1, 1 + 1e-9);
        Assert.Equal(1, certificate.CertifiedAccuracy([.. certificate.Samples.Select(sample => sample.Class)], 0));
        double middle = certificate.Samples.Select(sample => sample.Radius).Order().ElementAt(10);
        Assert.Equal(9 / 20.0, certificate.CertifiedAccuracy([.. certificate.Samples.Select(sample => sample.Class)], middle));
        Assert.StartsWith("20 of 20 samples have a radius", certificate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_solve_and_rounding_moved_is_taken_off()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using ImplicitNetwork network = Scaled(2.0, LatentActivation.LeakyRelu(1));
        using Tensor data = randn(50, 4, ScalarType.Float64);
        double[] exact = [.. RobustnessCertificate.Of(network, data).Samples.Select(sample => sample.Radius)];
        network.Stopping = new StoppingRule { RelativeTolerance = 0.05 };
        SampleRadius[] loose = [.. RobustnessCertificate.Of(network, data).Samples];

        // However far u is from u*, no radius is above the exact one; some are far below.
        Assert.All(loose.Zip(exact), pair => Assert.True(pair.First.Radius <= pair.Second * (1 + 1e-9), $"{pair.First} {pair.Second}"));
        Assert.Contains(loose.Zip(exact), pair => pair.First.Radius < pair.Second / 2);
        network.Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 3 };
        Assert.All(RobustnessCertificate.Of(network, data).Samples, sample => Assert.Equal(0, sample.Radius));
        network.Stopping = new StoppingRule { RelativeTolerance = 1e-12 };
        using Tensor broken = data.clone();
        broken[3, 1] = double.NaN;
        RobustnessCertificate certificate = RobustnessCertificate.Of(network, broken);
        Assert.Equal((-1, 0.0), (certificate.Samples[3].Class, certificate.Samples[3].Radius));
        Assert.Equal(exact[4], certificate.Samples[4].Radius, 1e-9);
    }

    /// <summary>Also where every bound is attained, so that nothing else is taken off with it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_allowance_for_rounding_is_above_what_float32_is_off_by(bool isTight)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using ImplicitNetwork network = isTight
            ? new(nn.Linear(64, 64), new ContractionOperator(new BoundedLinear(64, 64), 0.9, LatentActivation.LeakyRelu(1)), nn.Linear(64, 3))
            : DigitClassifier.Create(new DigitClassifierOptions { Height = 13, Width = 13, LatentChannels = 8 });
        foreach (TorchSharp.Modules.Parameter weight in isTight ? network.parameters().Where(one => one.ndim == 2) : [])
        {
            nn.init.orthogonal_(weight);
        }

        network.Stopping = new StoppingRule { RelativeTolerance = 1e-6, MaxSteps = 1000 };
        network.eval();
        using Tensor data = isTight ? randn(50, 64) : randn(50, 1, 13, 13);
        RobustnessCertificate certificate = RobustnessCertificate.Of(network, data);
        using IDisposable noGraph = no_grad();
        using ImplicitResult solved = network.Run(data);
        Tensor rounded = solved.Output.to(ScalarType.Float64);
        network.to(ScalarType.Float64);
        network.Stopping = new StoppingRule { RelativeTolerance = 1e-13, MaxSteps = 1000 };
        Tensor wide = network.call(data.to(ScalarType.Float64));
        double least = double.PositiveInfinity;
        for (int sample = 0; sample < 50; sample++)
        {
            // In units of outputs: the margin less radius times bound is what was taken off, that for the distance of u from u* among it.
            (int c, double margin, double radius) = certificate.Samples[sample];
            double perUnit = certificate.Bound.Differences(c, (int)wide.shape[1]).Where((_, j) => j != c).Min() * certificate.Bound.BeforeRows;
            double ofSolve = solved.Report.Samples[sample].ErrorBound!.Value * perUnit;
            double left = radius * perUnit * certificate.Bound.Parts[0].Value!.Value * certificate.Bound.Parts[1].Value!.Value;
            double off = (rounded[sample] - wide[sample]).abs().max().ToDouble();
            Assert.True(radius > 0 && margin - left > ofSolve, $"{margin} {left} {ofSolve}");
            least = Math.Min(least, (margin - left - ofSolve) / off);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{least:g3} times at least");
        Assert.InRange(least, 50, double.PositiveInfinity);
    }

    [Fact]
    public void A_fixed_point_moves_by_no_more_than_its_operator_says()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        (LatentOperator Operator, double Expected)[] cases =
        [
            (new ContractionOperator(new BoundedLinear(6, 6, ScalarType.Float64), 0.8), 5),
            (new MonotoneOperator(new MonotoneLinear(6, monotonicity: 0.5, dtype: ScalarType.Float64)), 2),
            (new ExplicitOperator(new ContractionOperator(new BoundedLinear(6, 6, ScalarType.Float64), 0.8)), 1),
            (new ExplicitOperator(
                new ContractionOperator(new BoundedLinear(6, 6, ScalarType.Float64), 0.8),
                new ContractionOperator(new BoundedLinear(6, 6, ScalarType.Float64), 0.5)),
                1.5),
            (new ContractionOperator(new WellPosedLinear(6, dtype: ScalarType.Float64), 0.9), double.NaN),
            (new ContractionOperator(new WellPosedLowRank(6, 2, ScalarType.Float64), 0.9), double.NaN),
        ];
        foreach ((LatentOperator latentOperator, double expected) in cases)
        {
            using ImplicitNetwork network = new(nn.Identity(), latentOperator, nn.Linear(6, 3, dtype: ScalarType.Float64))
            {
                Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 1000 },
            };
            network.eval();
            NetworkBound bound = NetworkBound.Of(network, [6]);
            double value = bound.Parts[1].Value ?? throw new InvalidOperationException(bound.Reason);
            Assert.True(double.IsNaN(expected) ? value > 1 : value > 0.9 * expected && value <= expected * (1 + 1e-9), $"{latentOperator.GetName()}: {value}");
            using IDisposable noGraph = no_grad();
            using Tensor q = randn(40, 6, ScalarType.Float64), step = randn(40, 6, ScalarType.Float64) * 0.1;
            using Tensor moved = network.Layer.call(q + step) - network.Layer.call(q);
            double most = (linalg.vector_norm(moved, 2, [1]) / linalg.vector_norm(step, 2, [1])).max().ToDouble();
            Assert.InRange(most, 0.3, value);
        }
    }

    [Fact]
    public void What_an_operator_of_ones_own_states_is_taken_and_said_to_be_stated()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        foreach ((double ofFixedPoint, double expected) in ((double, double)[])[(2, 2), (double.NaN, 10)])
        {
            using ImplicitNetwork network = new(nn.Identity(), new Half(ofFixedPoint), nn.Linear(3, 2, dtype: ScalarType.Float64));
            network.eval();
            RobustnessCertificate certificate = RobustnessCertificate.Of(network, randn(4, 3, ScalarType.Float64));
            Assert.True(certificate.Bound is { IsStated: true, Parts: [{ IsStated: false }, { IsStated: true }, _] });
            Assert.Equal(expected, certificate.Bound.Parts[1].Value!.Value, 1e-9);
            Assert.All(certificate.Samples, sample => Assert.True(sample.Radius > 0));
            Assert.Contains("(stated", certificate.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_has_no_bound_has_no_certificate_and_says_where()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using Tensor data = randn(2, 3, ScalarType.Float64);
        Expect(SmallNetwork.Create(0.5, readout: nn.Sequential(("s", nn.Softmax(1)))), "readout.s (Softmax) has no bound: nothing is known");
        Expect(
            SmallNetwork.Create(0.5, encoder: nn.Sequential(("a", nn.Linear(3, 5, dtype: ScalarType.Float64)), ("b", nn.Softplus()))),
            "encoder.b (Softplus) has no bound");
        Expect(
            new(nn.Identity(), new ModuleOperator(new Sum()), nn.Linear(3, 2, dtype: ScalarType.Float64)),
            "latent.operator (ModuleOperator) has no bound: it is neither a contraction nor monotone");
        using ImplicitNetwork training = SmallNetwork.Create(0.5);
        Assert.Contains("eval()", Assert.Throws<InvalidOperationException>(() => RobustnessCertificate.Of(training, data)).Message, StringComparison.Ordinal);
        training.eval();
        RobustnessCertificate found = RobustnessCertificate.Of(training, data);
        Assert.Throws<ArgumentOutOfRangeException>("inputScale", () => RobustnessCertificate.Of(training, data, 0));
        Assert.Throws<ArgumentOutOfRangeException>("classes", () => found.CertifiedAccuracy([0], 0.1));
        Assert.Throws<ArgumentOutOfRangeException>("radius", () => found.CertifiedAccuracy([0, 1], double.NaN));
        using (no_grad())
        {
            ((Linear)training.Readout).weight![0, 0] = double.NaN;
        }

        Expect(training, "readout (Linear) has no bound: its weights are not finite");

        void Expect(ImplicitNetwork network, string reason)
        {
            using ImplicitNetwork owned = network;
            network.eval();
            RobustnessCertificate none = RobustnessCertificate.Of(network, data);
            Assert.StartsWith(reason, none.Bound.Reason, StringComparison.Ordinal);
            Assert.Null(none.Bound.Loosest);
            Assert.All(none.Samples, sample => Assert.Equal(0, sample.Radius));
            Assert.StartsWith($"No certificate: {reason}", none.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Q = scale I, R(u, q) = act(u / 2 + q), S linear to three classes.</summary>
    private static ImplicitNetwork Scaled(double scale, LatentActivation activation)
    {
        Linear encoder = nn.Linear(4, 4, hasBias: false, dtype: ScalarType.Float64);
        BoundedLinear layer = new(4, 4, ScalarType.Float64);
        nn.init.eye_(encoder.weight!);
        nn.init.eye_(layer.Weight);
        using (no_grad())
        {
            encoder.weight!.mul_(scale);
        }

        ImplicitNetwork network = new(encoder, new ContractionOperator(layer, 0.5, activation), nn.Linear(4, 3, dtype: ScalarType.Float64))
        {
            Stopping = new StoppingRule { RelativeTolerance = 1e-12 },
        };
        network.eval();
        return network;
    }

    private sealed class Sum() : nn.Module<Tensor, Tensor, Tensor>(nameof(Sum))
    {
        public override Tensor forward(Tensor u, Tensor q) => (u * 0.1) + q;
    }

    /// <summary><c>u / 2 + q</c>, which states a factor of 0.9.</summary>
    private sealed class Half(double ofFixedPoint) : LatentOperator(nameof(Half)), IContraction, IInputLipschitz
    {
        public double DeclaredFactor => 0.9;

        public double CertifyFactor() => 0.9;

        public double CertifyInputLipschitz() => 1;

        public double CertifyFixedPointLipschitz() => ofFixedPoint;

        public override FixedPointMap Bind(Tensor q) => new PerSampleMap((u, inputs) => (u * 0.5) + inputs.PerSample[0], new MapInputs { PerSample = [q], Parameters = [] });

        public override Tensor StartingLatent(Tensor q) => zeros_like(q);
    }
}
