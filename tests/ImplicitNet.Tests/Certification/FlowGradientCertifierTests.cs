using ImplicitNet.Certification;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ImplicitNet.Tests.Certification;

public sealed class FlowGradientCertifierTests : TensorTest
{
    [Fact]
    public void The_exact_gradient_of_fine_steps_is_good()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = Layer(1e-6, new DiscreteAdjoint());
        FlowCertificate certificate = Certify(layer);
        Assert.Equal(Verdict.Good, certificate.Verdict);
        Assert.Equal(1, certificate.Consistency.Cosine, 1e-12);
        Assert.InRange(certificate.Discretisation.RelativeError, 0, 1e-4);
    }

    [Fact]
    public void Steps_that_are_too_long_show_in_the_second_number_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = Layer(1e-6, new DiscreteAdjoint());
        layer.Times = FlowTimes.Between(0, 30);
        layer.Settings = layer.Settings with { Solver = new ExplicitRungeKutta(ButcherTableau.Euler), Steps = new FixedSteps(4) };
        foreach (Tensor parameter in layer.parameters())
        {
            using IDisposable noGraph = no_grad();
            parameter.mul_(2);
        }

        FlowCertificate certificate = Certify(layer);
        Assert.Equal(1, certificate.Consistency.Cosine, 1e-12);
        Assert.True(certificate.Verdict != Verdict.Good, certificate.ToString());
    }

    [Fact]
    public void A_gradient_that_is_cut_off_shows_in_the_first()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = Layer(1e-6, new TruncatedAdjoint());
        Assert.True(Certify(layer).Consistency.RelativeError > 0.3);
    }

    [Fact]
    public void Nothing_is_known_where_no_flow_is_followed()
    {
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.Linear layer = Linear(2, 2);
        Assert.Equal(Verdict.Unknown, FlowGradientCertifier.Certify(layer, () => layer.call(ones(1, 2)).sum()).Verdict);
    }

    [Fact]
    public void Settings_of_a_scope_around_it_are_those_that_are_examined_and_not_those_of_its_references()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = Layer(1e-6, new DiscreteAdjoint());
        using SolveScope around = new(flowSettings: settings => settings with { Gradient = new TruncatedAdjoint() });
        FlowCertificate certificate = Certify(layer);
        Assert.Equal("truncated(1)", certificate.Label);
        Assert.True(certificate.Consistency.RelativeError > 0.3, certificate.ToString());
        Assert.InRange(certificate.Discretisation.RelativeError, 0, 1e-4);
    }

    [Theory]
    [InlineData(0, 1e-2, false)]
    [InlineData(5, 1e-2, true)]
    [InlineData(20, 1e-2, true)]
    [InlineData(50, 1e-2, true)]
    [InlineData(0, 1e-5, false)]
    [InlineData(5, 1e-5, false)]
    public void It_warns_of_a_backsolve_that_nothing_corrects_and_is_silent_where_that_comes_back(int pull, double tolerance, bool warns)
    {
        using DisposeScope scope = NewDisposeScope();
        FlowCertificate published = Pulled(pull, tolerance, new Backsolve { LargestReconstruction = double.MaxValue });
        Assert.Equal(0, published.Redone);
        Assert.True(warns == published.Strays > 0, published.ToString());
        Assert.Equal(warns, published.Verdict is Verdict.Doubtful or Verdict.Misleading);
        Assert.Equal(warns, published.ToString().Contains("did not come back", StringComparison.Ordinal));

        Assert.True(warns || published.Parts.All(part => part.Consistency.Cosine > 0.97), published.ToString());

        // Done again, what strayed is right: as good as these steps are.
        FlowCertificate corrected = Pulled(pull, tolerance, new Backsolve());
        Assert.True(corrected.Strays <= corrected.Redone);
        Assert.All(corrected.Parts, part => Assert.True(part.Consistency.Cosine > (corrected.Redone == 100 ? 0.9999 : 0.97), corrected.ToString()));
        Assert.Equal(corrected.Discretisation.Judged == Verdict.Good, corrected.Verdict == Verdict.Good);
    }

    [Theory]
    [InlineData(20, 1e-2)]
    [InlineData(50, 1e-2)]
    [InlineData(20, 1e-5)]
    [InlineData(50, 1e-5)]
    public void A_wrong_gradient_of_the_start_is_told_however_right_that_of_the_weights_is(int pull, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        FlowCertificate certificate = Pulled(pull, tolerance, new Backsolve { LargestReconstruction = double.MaxValue });
        Assert.Equal(2, certificate.Parts.Count);
        Assert.True(certificate.Parts[0].Consistency.Cosine > 0.99, certificate.ToString());
        Assert.True(certificate.Parts[1].Consistency.Cosine < 0.6, certificate.ToString());
        Assert.Equal(certificate.Parts[1].Consistency, certificate.Consistency);
        Assert.Equal(100, certificate.Strays);
        Assert.True(certificate.Verdict is Verdict.Doubtful or Verdict.Misleading, certificate.ToString());
    }

    [Fact]
    public void Several_gradients_are_compared_with_one_reference_as_each_by_itself()
    {
        using DisposeScope scope = NewDisposeScope();
        using FlowLayer layer = Layer(1e-6, new TruncatedAdjoint());
        random.manual_seed(2);
        using Tensor start = randn(8, 2, ScalarType.Float64);
        FlowGradient[] gradients = [new TruncatedAdjoint(), new Backsolve(), new DiscreteAdjoint()];
        IReadOnlyList<FlowCertificate> all = FlowGradientCertifier.Compare(layer, () => layer.call(start).square().mean(), gradients);
        Assert.Equal(["truncated(1)", "backsolve", "discrete adjoint"], all.Select(each => each.Label));
        Assert.Equal(Certify(layer).Consistency, all[0].Consistency);
        Assert.Equal(1, all[2].Consistency.Cosine, 1e-12);
        Assert.Throws<ArgumentException>(() => FlowGradientCertifier.Compare(layer, () => layer.call(start).sum(), [null!]));
        Assert.Throws<ArgumentException>(() => FlowGradientCertifier.Certify(layer, () => layer.call(start).sum(), [start]));
    }

    /// <summary>A network of 2 - 64 - 2 with weights three times the usual and a pull towards 0; its weights and its starts count.</summary>
    private static FlowCertificate Pulled(int pull, double tolerance, FlowGradient gradient)
    {
        random.manual_seed(1);
        using FlowLayer layer = new(new Pull(pull));
        layer.to(ScalarType.Float64);
        using (no_grad())
        {
            foreach (Tensor parameter in layer.parameters())
            {
                parameter.mul_(3);
            }
        }

        layer.Settings = new FlowSettings { Gradient = gradient, Steps = new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance } };
        Tensor start = randn(100, 2, ScalarType.Float64).requires_grad_();
        return FlowGradientCertifier.Certify(layer, () => layer.call(start).square().sum(), [start]);
    }

    private sealed class Pull : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _network;
        private readonly int _pull;

        public Pull(int pull)
            : base(nameof(Pull))
        {
            (_network, _pull) = (Sequential(Linear(2, 64), Tanh(), Linear(64, 2)), pull);
            RegisterComponents();
        }

        public override Tensor forward(Tensor u) => _network.call(u) - (_pull * u);
    }

    private static FlowCertificate Certify(FlowLayer layer)
    {
        random.manual_seed(2);
        using Tensor start = randn(8, 2, ScalarType.Float64);
        return FlowGradientCertifier.Certify(layer, () => layer.call(start).square().mean());
    }

    private static FlowLayer Layer(double tolerance, FlowGradient gradient)
    {
        random.manual_seed(1);
        FlowLayer layer = new(Sequential(Linear(2, 16), Tanh(), Linear(16, 2)));
        layer.to(ScalarType.Float64);
        layer.Settings = new FlowSettings { Gradient = gradient, Steps = new PidController { RelativeTolerance = tolerance } };
        return layer;
    }
}
