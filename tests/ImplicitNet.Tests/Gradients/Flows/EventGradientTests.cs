using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>Gradients of events that are not those of one number of one sample that moves along the flow.</summary>
public sealed class EventGradientTests : FlowGradientTest
{
    private static readonly FlowSettings Fine = new() { Steps = new PidController { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 } };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_event_of_a_coupled_field_sends_gradients_to_the_inputs_of_all_its_samples(bool isScalar)
    {
        // u_i' = v_i until sum w_i u_i = c: T = (c - w.u0) / w.v, u(T) = u0 + T v.
        using DisposeScope scope = NewDisposeScope();
        Tensor start = tensor(new[] { 0.1, -0.2, 0.4 }, [3, 1]).requires_grad_(), speeds = tensor(new[] { 1.0, 2, 0.5 }, [3, 1]).requires_grad_();
        Tensor weights = tensor(new[] { 0.7, 1.5, -1 }, [3, 1]).requires_grad_(), level = tensor(new[] { 1.3 }).requires_grad_();
        Tensor sent = tensor(new[] { 1.0, -3, 2 }, [3, 1]);
        using CoupledField field = new(
            (_, u, inputs) => inputs.PerSample[0] + (0 * u.mean()), new MapInputs { PerSample = [speeds, weights], Shared = [level] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 5), Fine, new FlowEvent((_, u, inputs) =>
        {
            Tensor number = (u * inputs.PerSample[1]).sum() - inputs.Shared[0].squeeze();
            return isScalar ? number : number.reshape(1);
        }));
        Assert.Equal(3, flow.Report.Count(FlowStatus.EventReached));
        ((flow.Output * sent).sum() + (2 * flow.Times.sum())).backward();
        flow.Gradient.ThrowIfFailed();

        Tensor u = start.detach(), v = speeds.detach(), w = weights.detach();
        Tensor slope = (w * v).sum(), time = (1.3 - (w * u).sum()) / slope;
        Tensor toTime = (sent * v).sum() + 6;
        AssertClose(u + (time * v), flow.Output);
        AssertClose(sent - (toTime * w / slope), start.grad!);
        AssertClose((sent * time) - (toTime * time * w / slope), speeds.grad!);
        AssertClose(-toTime * (u + (time * v)) / slope, weights.grad!);
        AssertClose((toTime / slope).reshape(1), level.grad!);
    }

    [Theory]
    [InlineData("jump")]
    [InlineData("level")]
    public void An_event_whose_number_has_no_slope_along_the_flow_is_refused_and_never_a_number(string kind)
    {
        // A jump has no slope at all; the other has one in an input, but none along the flow: u' = 0 where it is reached.
        using DisposeScope scope = NewDisposeScope();
        Tensor start = tensor(new[] { 0.0, 0.1 }).requires_grad_(), speed = ones(2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => inputs.PerSample[0] + (0 * u), new MapInputs { PerSample = [speed] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 2), Fine, new FlowEvent((_, u, inputs) =>
            kind == "jump" ? where(u < 0.3, -1.0, 1.0) : where(u < 0.3, -1.0, inputs.PerSample[0])));
        Assert.Equal(2, flow.Report.Count(FlowStatus.EventReached));
        (flow.Output.sum() + flow.Times.sum()).backward();
        Assert.True(start.grad!.isnan().all().ToBoolean());
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(flow.Gradient.ThrowIfFailed);
        Assert.Contains("slope of 0", refused.Message, StringComparison.Ordinal);
    }

    private static void AssertClose(Tensor expected, Tensor found) =>
        Assert.True(found.detach().allclose(expected, 1e-9, 1e-9), $"{found.ToString(torch.julia)} instead of {expected.ToString(torch.julia)}");
}
