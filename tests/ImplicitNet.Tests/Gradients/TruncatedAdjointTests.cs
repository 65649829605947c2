using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class TruncatedAdjointTests : FlowGradientTest
{
    [Theory]
    [InlineData(1, 1L << 28)]
    [InlineData(1, 0)]
    [InlineData(3, 1L << 28)]
    [InlineData(3, 300)]
    [InlineData(3, 0)]
    [InlineData(7, 100)]
    [InlineData(7, 0)]
    [InlineData(1000, 0)]
    public void The_last_steps_of_every_sample_are_counted_by_its_own_steps(int count, long budget)
    {
        // Speeds that make every sample take another number of steps.
        using DisposeScope scope = NewDisposeScope();
        Tensor speeds = tensor(new[] { 0.4, 9, 1, 30, 3 }).requires_grad_(), start = (rand(5, ScalarType.Float64) + 0.5).requires_grad_();
        FlowTrace trace = new();
        using PerSampleField field = new((_, u, inputs) => (u * inputs.PerSample[0]).cos(), new MapInputs { PerSample = [speeds] });
        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.Between(0, 2),
            new FlowSettings { Gradient = new TruncatedAdjoint { Steps = count, MemoryBudget = budget } }, trace: trace);
        flow.Output.sum().backward();
        flow.Gradient.ThrowIfFailed();
        Assert.True(flow.Report.Samples.Select(sample => sample.Accepted).Distinct().Count() >= 4, flow.Report.ToString());
        Assert.True(start.grad is null || start.grad.eq(0).all().ToBoolean());
        for (int sample = 0; sample < 5; sample++)
        {
            Assert.Equal(OfLastSteps(trace, sample, start, speeds, count), speeds.grad![sample].item<double>(), 1e-12);
        }
    }

    [Fact]
    public void Second_derivatives_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = ones(1, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => u * inputs.PerSample[0], new MapInputs { PerSample = [rate] });
        using FlowResult flow = Implicit.Flow(
            field, ones(1, ScalarType.Float64), FlowTimes.Between(0, 1), new FlowSettings { Gradient = new TruncatedAdjoint { Steps = 2 } });
        Tensor loss = flow.Output.square().sum();
        Tensor? first = null;
        Exception? thrown = Record.Exception(() => first = VectorProducts.TransposeProduct(loss, rate, ones_like(loss), createGraph: true));
        Assert.True(thrown is not null || first!.isnan().all().ToBoolean());
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(flow.Gradient.ThrowIfFailed);
        Assert.Contains("TruncatedAdjoint has no second derivatives", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>d end / d speed by torch's own differentiation of the last steps alone, those before them held constant.</summary>
    private static double OfLastSteps(FlowTrace trace, int sample, Tensor start, Tensor speeds, int count)
    {
        using Tensor speed = speeds.detach()[sample].clone().requires_grad_();
        FlowTraceEntry[] steps = [.. trace.Entries.Where(entry => entry.Sample == sample && entry.IsAccepted)];
        ButcherTableau tableau = ButcherTableau.Tsit5;
        Tensor state = start.detach()[sample];
        foreach ((int index, FlowTraceEntry step) in steps.Index())
        {
            state = steps.Length - index > count ? state.detach() : state;
            Tensor[] stages = new Tensor[tableau.Stages];
            for (int stage = 0; stage < stages.Length; stage++)
            {
                stages[stage] = ((state + Sum(stages, tableau.Coefficients[stage], step.Size)) * speed).cos();
            }

            state = steps.Length - index > count ? (state + Sum(stages, tableau.Weights, step.Size)).detach() : state + Sum(stages, tableau.Weights, step.Size);
        }

        state.backward();
        return speed.grad!.item<double>();
    }

    private static Tensor Sum(Tensor[] stages, double[] weights, double size) => weights.Index()
        .Where(weight => weight.Item != 0)
        .Aggregate(zeros([], ScalarType.Float64), (sum, weight) => sum + (stages[weight.Index] * (size * weight.Item)));
}
