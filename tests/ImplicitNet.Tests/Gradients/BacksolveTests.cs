using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class BacksolveTests : TensorTest
{
    [Fact]
    public void It_agrees_with_the_exact_gradient_where_the_flow_can_be_followed_back()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor[] exact, _) = Gradients(new DiscreteAdjoint(), damping: 0, 1e-8);
        (Tensor[] back, GradientReport report) = Gradients(new Backsolve(), damping: 0, 1e-8);
        Assert.All(exact.Zip(back), pair => Assert.True(pair.Second.allclose(pair.First, 1e-5, 1e-8)));
        Assert.Equal(0, report.FallBacks);
        Assert.All(report.Reconstruction, distance => Assert.InRange(distance, 0, 10));
    }

    [Fact]
    public void Samples_that_do_not_come_back_are_told_and_done_again()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor[] exact, _) = Gradients(new DiscreteAdjoint(), damping: 20, 1e-3);
        (Tensor[] untold, GradientReport report) = Gradients(new Backsolve { LargestReconstruction = 1e300 }, damping: 20, 1e-3);
        Assert.True(report.Reconstruction.Min() > 100, $"{report.Reconstruction.Min()}");
        Assert.True(Cosine(untold[0], exact[0]) < 0.9);

        (Tensor[] redone, GradientReport told) = Gradients(new Backsolve(), damping: 20, 1e-3);
        Assert.Equal(20, told.FallBacks);
        Assert.True(Cosine(redone[0], exact[0]) > 0.9999);
        Assert.True(Cosine(redone[1], exact[1]) > 0.9999);
    }

    [Fact]
    public void States_in_between_and_inputs_get_theirs()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using Tensor q = randn(4, 3, ScalarType.Float64).requires_grad_(), weights = randn(4, 4, 3, ScalarType.Float64);
        using Tensor start = randn(4, 3, ScalarType.Float64).requires_grad_(), shift = randn(3, ScalarType.Float64).requires_grad_();
        Tensor[] Of(FlowGradient gradient)
        {
            using PerSampleField field = new(
                (time, u, inputs) => (u + inputs.PerSample[0]).sin() + (inputs.Shared[0] * time.unsqueeze(1)),
                new MapInputs { PerSample = [q], Shared = [shift], Parameters = [] });
            FlowSettings settings = new() { Gradient = gradient, Steps = new PidController { RelativeTolerance = 1e-9 } };
            using FlowResult flow = Implicit.Flow(field, start, FlowTimes.At(0, 0.3, 0.5, 1), settings);
            (flow.States * weights).sum().backward();
            flow.Gradient.ThrowIfFailed();
            Tensor[] found = [start.grad!.clone(), q.grad!.clone(), shift.grad!.clone()];
            start.grad.zero_();
            q.grad.zero_();
            shift.grad.zero_();
            return found;
        }

        Assert.All(Of(new DiscreteAdjoint()).Zip(Of(new Backsolve())), pair => Assert.True(pair.Second.allclose(pair.First, 1e-6, 1e-8)));
    }

    [Fact]
    public void Events_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => ones_like(u));
        using Tensor start = zeros(1, 1).requires_grad_();
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => Implicit.Flow(
            field, start, FlowTimes.Between(0, 1), new FlowSettings { Gradient = new Backsolve() }, new FlowEvent(u => u[.., 0] - 0.5)));
        Assert.Contains(nameof(DiscreteAdjoint), refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RK4")]
    [InlineData("Euler")]
    public void A_method_without_an_error_estimate_goes_back_by_fixed_steps_and_not_by_tolerances(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(1, 1).requires_grad_();
        FlowSettings settings = new()
        {
            Solver = new ExplicitRungeKutta(Tableaux.Of(name)),
            Steps = new FixedSteps(4),
            Gradient = new Backsolve { Steps = new PidController() },
        };
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(
            () => Implicit.Flow(field, start, FlowTimes.Between(0, 1), settings));
        Assert.Contains($"{name} has no error estimate", refused.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(FixedSteps), refused.Message, StringComparison.Ordinal);

        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.Between(0, 1), settings with { Gradient = new Backsolve { LargestReconstruction = 1e9 } });
        flow.Output.sum().backward();
        flow.Gradient.ThrowIfFailed();
        Assert.Equal(Math.Pow(Tableaux.Stability(name).Index().Sum(term => term.Item * Math.Pow(-0.25, term.Index)), 4), start.grad!.item<float>(), 1e-6);
    }

    private static double Cosine(Tensor one, Tensor other) => ((one * other).sum() / (one.norm() * other.norm())).item<double>();

    /// <summary>Of the start and of the weights: a network of two numbers and 16 in between, pulled towards 0.</summary>
    private static (Tensor[] Gradients, GradientReport Report) Gradients(FlowGradient gradient, double damping, double tolerance)
    {
        random.manual_seed(7);
        Tensor weight = (randn(2, 16, ScalarType.Float64) * 2).requires_grad_(), readout = (randn(16, 2, ScalarType.Float64) / 4).requires_grad_();
        Tensor start = randn(20, 2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, _) => u.mm(weight).tanh().mm(readout) - (u * damping), new MapInputs { Parameters = [weight, readout] });
        FlowSettings settings = new()
        {
            Gradient = gradient,
            Steps = new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance },
        };
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 1), settings);
        flow.Output.square().sum().backward();
        flow.Gradient.ThrowIfFailed();
        return ([start.grad!, cat([weight.grad!.flatten(), readout.grad!.flatten()])], flow.Gradient);
    }
}
