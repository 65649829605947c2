using System.Runtime.InteropServices;
using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Tests.Gradients.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class FlowTimesTests : FlowGradientTest
{
    private static readonly FlowSettings Fine = new() { Steps = new PidController { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 } };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Times_in_a_tensor_are_those_that_it_has_when_the_flow_begins(bool isPerSample)
    {
        // An optimizer moves them in their place.
        using DisposeScope scope = NewDisposeScope();
        Tensor own = tensor(new[] { 0.0, 0.3, 1 });
        Tensor times = (isPerSample ? own.unsqueeze(0).repeat(2, 1) : own.clone()).requires_grad_(), start = tensor(new[] { 1.0, 2 }, [2, 1]);
        using PerSampleField field = new((_, u) => -u);
        FlowTimes asked = FlowTimes.Of(times);
        foreach (double factor in (double[])[1, 2, 0.5])
        {
            using (no_grad())
            {
                times.copy_((isPerSample ? own.unsqueeze(0) : own) * factor);
            }

            times.grad?.zero_();
            using FlowResult flow = Implicit.Flow(field, start, asked, Fine);
            flow.Output.sum().backward();
            flow.Gradient.ThrowIfFailed();
            Assert.True((flow.Output.detach() - (start * Math.Exp(-factor))).abs().max().item<double>() < 1e-9);
            Assert.Equal(-3 * Math.Exp(-factor), times.grad!.reshape(-1, 3).sum([0L])[2].item<double>(), 1e-8);
            using FlowSolution alone = Flow.Solve(field, start, asked, steps: Fine.Steps);
            Assert.All(alone.Report.Samples, sample => Assert.Equal(factor, sample.Time));
        }
    }

    [Fact]
    public void Times_that_no_longer_rise_are_refused_when_the_flow_begins()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor times = tensor(new[] { 0.0, 0.3, 1 });
        using PerSampleField field = new((_, u) => -u);
        FlowTimes asked = FlowTimes.Of(times);
        times[1] = 2;
        ArgumentException refused = Assert.Throws<ArgumentException>(() => Flow.Solve(field, ones(1, 1), asked));
        Assert.Contains("from 2 to 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backward_pass_after_times_have_changed_is_refused_by_backward_itself()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor times = tensor(new[] { 0.0, 1 }).requires_grad_(), start = ones([1, 1], ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u) => -u);
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(times), Fine);
        using (no_grad())
        {
            times.mul_(3);
        }

        ExternalException thrown = Assert.Throws<ExternalException>(() => flow.Output.sum().backward());
        Assert.Contains("modified by an inplace operation", thrown.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(flow.Gradient.ThrowIfFailed);
    }
}
