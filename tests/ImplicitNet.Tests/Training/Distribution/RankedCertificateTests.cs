using ImplicitNet.Certification;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Distribution;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Distribution;

/// <summary>Ranks certify the gradient of a batch as one process does.</summary>
public sealed class RankedCertificateTests : TensorTest
{
    // In float64.
    private const double Rounding = 1e-9;

    private static readonly TrainingOptions Options = new RankedRuns().Options with { Epochs = 1, CertificateSteps = 1, Certifier = new() { PowerIterations = 200 } };

    private static readonly EscalationPolicy Policy = new() { RaiseBelow = 0.999, LowerFrom = 0.9995, Patience = 1 };

    /// <summary>Uneven shares; in the last batch of two samples, one of which fails, a rank of three has one that stands in.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_certificates_of_shares_are_those_of_the_whole_batch(int size)
    {
        RankedRuns runs = new()
        {
            Model = Network,
            Source = RankedRuns.Points(32, 10, index => index % 9 == 5 ? 2 : Math.Sin(index), ScalarType.Float64),
            Options = Options with { Escalation = Policy },
        };
        RankOutcome alone = RankOutcome.Good(runs.Of(0));
        RankOutcome[] ranks = runs.Of(size);
        RankOutcome.Good(ranks);

        GradientCertificate[] whole = Certificates(alone);
        Assert.Equal(4, whole.Length);
        Assert.NotEmpty(Changes(alone));
        Assert.Contains(whole, certificate => certificate.Gradient.RelativeError > 1e-3);
        foreach (RankOutcome rank in ranks)
        {
            GradientCertificate[] shares = Certificates(rank);
            Assert.All(whole.Zip(shares), pair => AssertSame(pair.First, pair.Second));
            Assert.Equal(Certificates(ranks[0]).Select(each => each.Gradient), shares.Select(each => each.Gradient));
            Assert.Equal(Changes(alone), Changes(rank));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void So_are_those_of_flows(int size)
    {
        RankedRuns runs = new()
        {
            Model = Flowing,
            Source = RankedRuns.Points(14, 6, dtype: ScalarType.Float64),
            Options = Options with { Escalation = Policy with { FlowGradients = [new TruncatedAdjoint(), new DiscreteAdjoint()] } },
        };
        RankOutcome alone = RankOutcome.Good(runs.Of(0)), first = RankOutcome.Good(runs.Of(size));
        (FlowCertificate[] whole, FlowCertificate[] shares) = (OfFlows(alone), OfFlows(first));
        Assert.Equal(3, whole.Length);
        Assert.Contains(whole, certificate => certificate.Consistency.RelativeError > 1e-3);
        foreach ((FlowCertificate expected, FlowCertificate found) in whole.Zip(shares))
        {
            AssertSame(expected.Consistency, found.Consistency);
            AssertSame(expected.Discretisation, found.Discretisation);
            Assert.Equal((expected.Verdict, expected.Label, expected.Strays), (found.Verdict, found.Label, found.Strays));
        }

        Assert.Equal(Changes(alone), Changes(first));
    }

    /// <summary>In its forward passes, of which a certificate makes several, and on its way back.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_certificate_that_fails_on_one_rank_ends_all(int call)
    {
        RankedRuns runs = new()
        {
            Model = Network,
            Source = RankedRuns.Points(24, 8, dtype: ScalarType.Float64),
            Options = Options,
            Prepare = (rank, model) =>
            {
                ImplicitNetwork network = (ImplicitNetwork)model;
                if (rank == 1 && call < 0)
                {
                    network.Settings = network.Settings with { Gradient = new NoDirection() };
                }
                else if (rank == 1)
                {
                    ((FailingAt)network.Encoder).Call = call;
                }
            },
        };
        RankOutcome[] ranks = runs.Of(3);
        Assert.IsType<InvalidOperationException>(ranks[1].Failure);
        foreach (RankOutcome other in (RankOutcome[])[ranks[0], ranks[2]])
        {
            Assert.StartsWith("Rank 1 of 3 failed", Assert.IsType<CollectiveException>(other.Failure).Message, StringComparison.Ordinal);
            Assert.Empty(other.Events);
        }
    }

    [Fact]
    public void What_goes_back_sample_by_sample_is_refused()
    {
        RankedRuns runs = new() { Options = Options with { Certifier = new() { ConditionSamples = 1 } } };
        Assert.All(runs.Of(2), rank => Assert.Contains("in one process", Assert.IsType<NotSupportedException>(rank.Failure).Message, StringComparison.Ordinal));
        RankOutcome.Good(runs.Of(1));
    }

    private static void AssertSame(GradientCertificate expected, GradientCertificate found)
    {
        AssertSame(expected.Gradient, found.Gradient);
        Assert.Equal((expected.Verdict, expected.Label), (found.Verdict, found.Label));
        Assert.Equal(expected.Samples.Count, found.Samples.Count);
        Assert.InRange(found.ReferenceResidual, 0, 1e-10);
        foreach ((SampleCertificate one, SampleCertificate other) in expected.Samples.Zip(found.Samples))
        {
            Assert.Equal((one.Status, one.Counts), (other.Status, other.Counts));
            AssertSame(one.Direction!.Value, other.Direction!.Value);

            // By power iteration from another start.
            Assert.Equal(one.Factor, other.Factor, 1e-6);
        }

        Assert.Equal(expected.Contraction.Measured, found.Contraction.Measured, 1e-6);
        Assert.Equal(expected.Contraction.MeasuredMean, found.Contraction.MeasuredMean, 1e-6);
    }

    private static void AssertSame(ImplicitNet.Certification.Agreement expected, ImplicitNet.Certification.Agreement found)
    {
        Assert.Equal(expected.Cosine, found.Cosine, Rounding);
        Assert.Equal(expected.RelativeError, found.RelativeError, Rounding);
    }

    private static GradientCertificate[] Certificates(RankOutcome rank) =>
        [.. rank.Events.OfType<TrainingEvent.GradientCertified>().Select(happened => happened.Certificate)];

    private static FlowCertificate[] OfFlows(RankOutcome rank) =>
        [.. rank.Events.OfType<TrainingEvent.FlowGradientCertified>().Select(happened => happened.Certificate)];

    private static (long Step, int Level)[] Changes(RankOutcome rank) =>
        [.. rank.Events.OfType<TrainingEvent.GradientChanged>().Select(happened => (happened.Change.Step, happened.Change.To))];

    private static ImplicitNetwork Network()
    {
        random.manual_seed(1);
        ImplicitNetwork network = new(
            new FailingAt(), new ContractionOperator(new BoundedLinear(6, 6), 0.9, LatentActivation.Tanh), nn.Linear(6, 3))
        {
            OnFailure = new MaskFailures(),
            Stopping = new() { RelativeTolerance = 1e-10 },
        };
        network.to(ScalarType.Float64);
        return network;
    }

    private static nn.Module<Tensor, Tensor> Flowing()
    {
        random.manual_seed(1);
        FlowLayer flow = new(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))) { Settings = new() { Steps = new FixedSteps(6) } };
        nn.Module<Tensor, Tensor> model = nn.Sequential(nn.Linear(2, 4), flow, nn.Linear(4, 3));
        model.to(ScalarType.Float64);
        return model;
    }

    /// <summary>An encoder that looks across the batch and drops numbers, knows nothing of 1.5 or more, and may fail in one of its calls.</summary>
    private sealed class FailingAt : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _linear = nn.Linear(2, 6);
        private readonly BatchNormalization _norm = new(6);
        private readonly SampleDropout _dropout = new(0.2);
        private int _calls;

        public FailingAt()
            : base(nameof(FailingAt)) => RegisterComponents();

        public int Call { get; set; } = -1;

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor q = _dropout.call(_norm.call(_linear.call(input)));
            Tensor known = where(input.narrow(1, 0, 1) < 1.5, q, full_like(q, double.NaN));
            return _calls++ != Call ? known.MoveToOuterDisposeScope() : throw new InvalidOperationException("no such call");
        }
    }

    private sealed record NoDirection : AdjointGradient
    {
        public override Tensor Direction(AdjointContext at) => throw new InvalidOperationException("there is no direction");
    }
}
