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
