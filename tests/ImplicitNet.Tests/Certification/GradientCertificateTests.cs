using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

public sealed class GradientCertificateTests : TensorTest
{
    [Theory]
    [InlineData(1, Verdict.Good)]
    [InlineData(0.9, Verdict.Good)]
    [InlineData(0.899, Verdict.Doubtful)]
    [InlineData(0.5, Verdict.Doubtful)]
    [InlineData(0.499, Verdict.Misleading)]
    [InlineData(-1, Verdict.Misleading)]
    [InlineData(double.NaN, Verdict.Misleading)]
    public void The_verdict_follows_the_cosine(double cosine, Verdict verdict)
    {
        GradientCertificate certificate = Of(cosine, Sample());
        Assert.Equal(verdict, certificate.Verdict);
        Assert.Contains(verdict.ToString().ToLowerInvariant(), certificate.Explanation, StringComparison.Ordinal);
        Assert.EndsWith($"; {verdict.ToString().ToLowerInvariant()}.", certificate.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', certificate.ToString());
    }

    [Fact]
    public void A_solve_that_did_not_converge_makes_a_good_gradient_doubtful_unless_it_does_not_count()
    {
        SampleCertificate failed = Sample() with { Status = SolveStatus.MaxStepsReached };
        GradientCertificate counted = Of(0.99, Sample(), failed);
        Assert.Equal(Verdict.Doubtful, counted.Verdict);
        Assert.Contains("1 solves did not converge", counted.Explanation, StringComparison.Ordinal);
        Assert.Equal(Verdict.Good, Of(0.99, Sample(), failed with { Counts = false }).Verdict);
    }

    [Theory]
    [InlineData(0.0101)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Without_a_reference_or_a_sample_nothing_is_known(double residual)
    {
        Assert.Equal(Verdict.Unknown, Of(1, Sample(), Sample() with { ReferenceResidual = residual }).Verdict);
        Assert.Equal(Verdict.Unknown, Of(1, Sample() with { Counts = false }).Verdict);
        Assert.Equal("Nothing is known: no sample counts in the loss.", Of(1).Explanation);
    }

    [Fact]
    public void Zero_vectors_have_an_agreement_too()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = tensor(new double[,] { { 0, 0 }, { 3, 4 } });
        Assert.Equal([new Agreement(1, 0), new Agreement(1, 0)], Agreement.OfRows(rows, rows));
        Assert.Equal([new Agreement(1, 0), new Agreement(0, 1)], Agreement.OfRows(zeros_like(rows), rows));
        Assert.Equal([new Agreement(1, 0), new Agreement(0, double.PositiveInfinity)], Agreement.OfRows(rows, zeros_like(rows)));
        Assert.Equal(new Agreement(-1, 2), Agreement.OfRows(-rows, rows)[1]);
        Assert.Equal(double.NaN, Agreement.OfRows(rows * double.NaN, rows)[1].Cosine);
        Assert.Equal(new Agreement(0.6, 0.8), Agreement.OfLists([tensor([3.0]), null], [tensor([3.0]), tensor([4.0])]));
    }

    [Fact]
    public void A_right_direction_of_a_wrong_length_is_doubtful_and_the_length_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor exact = randn(1, 40, ScalarType.Float64);
        foreach ((double length, Verdict verdict) in ((double, Verdict)[])[(0.015, Verdict.Doubtful), (0.2, Verdict.Doubtful), (0.5, Verdict.Good), (1, Verdict.Good), (1.5, Verdict.Good), (1.96, Verdict.Doubtful)])
        {
            Agreement agreement = Agreement.OfRows(exact * length, exact)[0];
            Assert.Equal(length, agreement.Length, 1e-12);
            GradientCertificate certificate = new("JFB", agreement, [new SolveCertificate(null, new ContractionReport(0.5, 0.5, 0.4, 0.4), null, [Sample()])]);
            Assert.Equal(verdict, certificate.Verdict);
            if (verdict == Verdict.Doubtful)
            {
                Assert.Contains(FormattableString.Invariant($"its length is {length:0.000} of the exact one"), certificate.Explanation, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_batch_of_which_no_sample_converged_has_no_agreement()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double value in new[] { double.NaN, 1 })
        {
            using ImplicitNetwork network = SmallNetwork.Create(0.9);
            network.OnFailure = new MaskFailures();
            network.Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 1 };
            foreach (GradientCertificate certificate in new GradientCertifier { GradientsBySample = true }.Compare(
                network, full([3, 3], value, ScalarType.Float64), SmallNetwork.Losses, [new JacobianFreeGradient(), new ImplicitGradient(), new UnrolledGradient()]))
            {
                Assert.True(double.IsNaN(certificate.Gradient.Cosine) && double.IsNaN(certificate.Gradient.RelativeError) && double.IsNaN(certificate.ReferenceResidual));
                Assert.True(double.IsNaN(certificate.Contraction.Measured));
                Assert.Equal(Verdict.Unknown, certificate.Verdict);
                Assert.EndsWith(": nothing is known: no sample converged, 0 of 3 count in the loss.", certificate.ToString(), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Beyond_the_sharp_limit_a_network_is_found_on_which_JFB_ascends(double gamma)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double share in (double[])[0.98, 1.02])
        {
            double kappa = share * DescentCondition.LimitAt(gamma);
            Tensor w = tensor([1, Math.Sqrt(kappa)]);
            Tensor image = w * tensor([kappa, 1]);
            Tensor jacobian = (outer(image / image.norm(), w / w.norm()) * gamma).t();
            Tensor g = w - jacobian.t().mv(w);
            using ImplicitNetwork network = new(
                nn.Linear(1, 2, hasBias: false, dtype: ScalarType.Float64), new LinearOperatorOfTest(jacobian, tensor([Math.Sqrt(kappa), 1])), nn.Identity());
            GradientCertifier certifier = new() { ConditionSamples = 1, PowerIterations = 100 };
            GradientCertificate certificate = certifier.Certify(network, ones([1, 1], ScalarType.Float64), outputs => outputs.mv(g));
            Assert.Equal(share > 1, certificate.Gradient.Cosine < 0);
            Assert.Equal(share < 1, certificate.Samples[0].Condition!.Value.Holds);
            Assert.Equal(gamma, certificate.Samples[0].Factor, 1e-9);
            Assert.Equal(kappa, certificate.Samples[0].Condition!.Value.Condition.Value, 1e-6 * kappa);
            Assert.Equal(Verdict.Misleading, certificate.Verdict);
        }
    }

    private static GradientCertificate Of(double cosine, params SampleCertificate[] samples) =>
        new("JFB", new Agreement(cosine, 0.1), [new SolveCertificate(null, new ContractionReport(0.5, 0.5, 0.4, 0.4), 0.5, samples)]);

    private static SampleCertificate Sample() => new()
    {
        Status = SolveStatus.Converged,
        Counts = true,
        Factor = 0.4,
        Residual = 1e-6,
        LatentBound = 2e-6,
        ReferenceResidual = 1e-7,
        Direction = new Agreement(0.95, 0.3),
    };

    /// <summary>R(u, q) = J u + D q, D diagonal.</summary>
    private sealed class LinearOperatorOfTest(Tensor jacobian, Tensor scale) : LatentOperator("linear")
    {
        public override FixedPointMap Bind(Tensor q) => new PerSampleMap(
            (u, inputs) => u.mm(jacobian.t()) + (inputs.PerSample[0] * scale), new MapInputs { PerSample = [q], Parameters = [] });

        public override Tensor StartingLatent(Tensor q) => zeros_like(q).detach();
    }
}
