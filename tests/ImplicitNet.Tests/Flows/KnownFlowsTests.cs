using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>Flows whose ends were computed elsewhere, to more digits than are asked of ours.</summary>
public sealed class KnownFlowsTests : TensorTest
{
    public static TheoryData<string> Names => [.. Tableaux.All.Where(tableau => tableau.Order == 5).Select(tableau => tableau.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Lotka_and_Volterra_at_1e_10_end_within_1e_9(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) =>
        {
            (Tensor hares, Tensor foxes) = (u[.., 0], u[.., 1]);
            return stack([(1.5 * hares) - (hares * foxes), (hares * foxes) - (3 * foxes)], 1);
        });
        AssertEnd(field, [1, 1], 10, [1.026344767575, 0.909691078136], 1e-10, 1e-9, name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Van_der_Pols_oscillator_ends_where_it_should(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => stack([u[.., 1], ((1 - u[.., 0].square()) * u[.., 1]) - u[.., 0]], 1));
        AssertEnd(field, [2, 0], 20, [2.00814976217, -0.04250887527], 1e-10, 1e-8, name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_hundred_oscillators_in_one_batch_end_each_in_its_own_phase(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor frequencies = linspace(0.1, 10, 100, ScalarType.Float64);
        using PerSampleField field = new(
            (_, u, inputs) => stack([u[.., 1], u[.., 0] * -inputs.PerSample[0].square()], 1),
            new MapInputs { PerSample = [frequencies] });
        Tensor start = tensor(new[] { 1.0, 0 }).expand(100, 2);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(0, 1.5, 3), new ExplicitRungeKutta(Tableaux.Of(name)),
            new PidController { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 });
        flow.Report.ThrowIfFailed();
        for (int sample = 0; sample < 100; sample++)
        {
            double frequency = frequencies[sample].ToDouble();
            Assert.Equal(Math.Cos(frequency * 1.5), flow.States[1, sample, 0].ToDouble(), 1e-8);
            Assert.Equal(Math.Cos(frequency * 3), flow.State[sample, 0].ToDouble(), 1e-8);
            Assert.Equal(-frequency * Math.Sin(frequency * 3), flow.State[sample, 1].ToDouble(), 1e-7);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_flow_there_and_back_returns_to_its_start(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => stack([u[.., 1], -u[.., 0].sin() + t.cos()], 1));
        Tensor start = tensor(new[] { 0.3, -0.2, 1.1, 0.4 }).reshape(2, 2);
        PidController steps = new() { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 };
        using FlowSolution there = Flow.Solve(field, start, FlowTimes.Between(-1, 4), new ExplicitRungeKutta(Tableaux.Of(name)), steps);
        using FlowSolution back = Flow.Solve(field, there.State, FlowTimes.Between(4, -1), new ExplicitRungeKutta(Tableaux.Of(name)), steps);
        Assert.True((back.State - start).abs().max().ToDouble() < 1e-9);
        Assert.Equal(-1, back.Report.Samples[0].Time);
    }

    private static void AssertEnd(
        PerSampleField field, double[] start, double time, double[] end, double tolerance, double within, string name)
    {
        using Tensor begin = tensor(start, [1, start.Length]);
        using FlowSolution flow = Flow.Solve(
            field, begin, FlowTimes.Between(0, time), new ExplicitRungeKutta(Tableaux.Of(name)),
            new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance });
        flow.Report.ThrowIfFailed();
        Assert.All(end.Zip(flow.State.data<double>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, within));
    }
}
