using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>Gradients that are known in closed form, or from elsewhere.</summary>
public sealed class FlowGradientTruthTests : FlowGradientTest
{
    public static TheoryData<string, long> Cases => new(
        from name in Tableaux.All.Select(tableau => tableau.Name) from budget in (long[])[1L << 28, 40, 0] select (name, budget));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fixed_steps_of_a_linear_equation_have_the_gradients_of_powers_of_the_stability_function(string name, long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        const double Rate = -1.3, Time = 2;
        const int Steps = 20;
        double[] polynomial = Tableaux.Stability(name);
        double h = Time / Steps, z = Rate * h, r = Value(polynomial, z), slope = Value([.. polynomial.Select((c, i) => c * i).Skip(1)], z);
        Tensor rate = tensor(Rate, ScalarType.Float64).requires_grad_(), start = full([2, 1], 1.5, ScalarType.Float64).requires_grad_();
        Tensor times = tensor(new[] { 0, Time }).requires_grad_();
        using PerSampleField field = new((_, u, _) => u * rate, new MapInputs { Parameters = [rate] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(times), new FlowSettings
        {
            Solver = new ExplicitRungeKutta(Tableaux.Of(name)),
            Steps = new FixedSteps(Steps),
            Gradient = new DiscreteAdjoint { MemoryBudget = budget },
        });
        flow.Output[0, 0].backward();
        double end = 1.5 * Math.Pow(r, Steps), before = 1.5 * Math.Pow(r, Steps - 1);
        AssertClose(end, flow.Output[0, 0]);
        AssertClose(Steps * h * slope * before, rate.grad!);
        AssertClose(Math.Pow(r, Steps), start.grad![0, 0]);
        Assert.Equal(0, start.grad[1, 0].item<double>());

        // Of the times, the first moves the first step alone, and the last the last.
        AssertClose(Rate * slope * before, times.grad![1]);
        AssertClose(-Rate * slope * before, times.grad[0]);
    }

    [Theory]
    [InlineData(1L << 28)]
    [InlineData(0)]
    public void Lotka_Volterras_hunters_have_the_gradients_of_the_literature(long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rates = tensor(new[] { 1.5, 1, 3, 1 }).requires_grad_(), start = ones(1, 2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, _) => stack(
                [
                    (rates[0] * u[.., 0]) - (rates[1] * u[.., 0] * u[.., 1]), (rates[3] * u[.., 0] * u[.., 1]) - (rates[2] * u[.., 1]),
                ], 1),
            new MapInputs { Parameters = [rates] });
        using FlowResult end = Implicit.Flow(field, start, FlowTimes.Between(0, 10), Fine(1e-10, budget));
        end.Output[0, 1].backward();
        Assert.Equal(0.909691078136, end.Output[0, 1].item<double>(), 1e-9);
        AssertEach([-6.25677051722, -0.697977588989, -1.70901768060, -2.74397915592], rates.grad!, 1e-8);
        AssertEach([-2.74397915592, 0.211713489147], start.grad!.flatten(), 1e-8);
    }

    [Fact]
    public void Van_der_Pols_oscillator_has_the_gradient_of_the_literature()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mu = ones(2, 1, ScalarType.Float64).requires_grad_(), start = tensor(new[] { 2.0, 0, 2, 0 }, [2, 2]);
        using PerSampleField field = new(
            (_, u, inputs) => stack([u[.., 1], ((1 - u[.., 0].square()) * u[.., 1] * inputs.PerSample[0][.., 0]) - u[.., 0]], 1),
            new MapInputs { PerSample = [mu] });
        using FlowResult end = Implicit.Flow(field, start, FlowTimes.Between(0, 20), Fine(1e-11));

        // One sample says where the place goes, the other the speed.
        (end.Output[0, 0] + end.Output[1, 1]).backward();
        AssertEach([0.10581863702, 4.06549481041], mu.grad!.flatten(), 1e-7);
    }

    [Fact]
    public void Oscillators_have_the_gradients_of_sines_by_frequency_start_and_times()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor w = linspace(0.3, 4, 30, ScalarType.Float64).requires_grad_(), start = tensor(new[] { 1.0, 0 }).repeat(30, 1).requires_grad_();
        Tensor ends = linspace(3, -3.2, 30, ScalarType.Float64), starts = linspace(-1, 1, 30, ScalarType.Float64);
        Tensor times = stack([starts, (starts + ends) / 2, ends], 1).requires_grad_();
        using PerSampleField field = new(
            (_, u, inputs) => stack([u[.., 1], -u[.., 0] * inputs.PerSample[0].square()], 1), new MapInputs { PerSample = [w] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(times), Fine(1e-12));
        (flow.Output[.., 0].sum() + (2 * flow.States[1, .., 0].sum())).backward();
        Tensor whole = ends - starts, half = whole / 2, rate = w.detach();
        AssertEach((rate * whole).cos(), flow.Output[.., 0].detach(), 1e-9);
        AssertEach(-((whole * (rate * whole).sin()) + (2 * half * (rate * half).sin())), w.grad!, 1e-8);
        AssertEach((rate * whole).cos() + (2 * (rate * half).cos()), start.grad![.., 0], 1e-8);
        AssertEach(((rate * whole).sin() + (2 * (rate * half).sin())) / rate, start.grad[.., 1], 1e-8);
        AssertEach(-rate * (rate * whole).sin(), times.grad![.., 2], 1e-8);
        AssertEach(-2 * rate * (rate * half).sin(), times.grad[.., 1], 1e-7);
        AssertEach((rate * (rate * whole).sin()) + (2 * rate * (rate * half).sin()), times.grad[.., 0], 1e-7);
    }

    [Theory]
    [InlineData("Euler")]
    [InlineData("Bosh3")]
    [InlineData("Dopri5")]
    [InlineData("Tsit5")]
    public void The_time_at_which_a_line_comes_to_its_mark_moves_with_the_mark(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mark = linspace(0.1, 3, 50, ScalarType.Float64).requires_grad_(), slope = linspace(0.5, 2, 50, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, inputs) => inputs.PerSample[1] + (u * 0), new MapInputs { PerSample = [mark, slope] });
        using FlowResult flow = Implicit.Flow(
            field, zeros(50, ScalarType.Float64), FlowTimes.Between(0, 10),
            new FlowSettings { Solver = new ExplicitRungeKutta(Tableaux.Of(name)), Steps = new FixedSteps(7) },
            new FlowEvent((_, u, inputs) => u - inputs.PerSample[0]));
        flow.Times.sum().backward();
        Tensor m = mark.detach(), s = slope.detach();
        AssertEach(m / s, flow.Times.detach(), 1e-13);
        AssertEach(1 / s, mark.grad!, 1e-13);
        AssertEach(-m / s.square(), slope.grad!, 1e-13);
    }

    [Theory]
    [InlineData(1L << 28, false)]
    [InlineData(0, false)]
    [InlineData(500, true)]
    public void A_thousand_events_have_the_gradients_of_their_closed_form(long budget, bool isBackward)
    {
        // cos w(t - t0) comes down to c at t0 + arccos(c) / w, with the speed -w sqrt(1 - c^2).
        using DisposeScope scope = NewDisposeScope();
        int sign = isBackward ? -1 : 1;
        Tensor w = linspace(0.5, 3, 1000, ScalarType.Float64).requires_grad_(), level = linspace(-0.9, 0.8, 1000, ScalarType.Float64).requires_grad_();
        Tensor start = tensor(new[] { 1.0, 0 }).repeat(1000, 1).requires_grad_(), times = tensor(new[] { 0.25, 0.25 + (sign * 20) }).requires_grad_();
        using PerSampleField field = new(
            (_, u, inputs) => stack([u[.., 1], -u[.., 0] * inputs.PerSample[0].square()], 1), new MapInputs { PerSample = [w, level] });
        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.Of(times), Fine(1e-12, budget),
            new FlowEvent((_, u, inputs) => u[.., 0] - inputs.PerSample[1]) { Crossing = Crossing.Falling });
        Assert.Equal(1000, flow.Report.Count(FlowStatus.EventReached));
        Tensor c = level.detach(), rate = w.detach(), after = c.acos() / rate, speed = rate * (1 - c.square()).sqrt();
        AssertEach(0.25 + (sign * after), flow.Times.detach(), 1e-10);
        AssertEach(c, flow.Output[.., 0].detach(), 1e-13);
        AssertEach(-sign * speed, flow.Output[.., 1].detach(), 1e-10);
        flow.Times.sum().backward(retain_graph: true);
        AssertEach(-sign * after / rate, w.grad!, 1e-10);
        AssertEach(-sign / speed, level.grad!, 2e-10);
        AssertEach(sign * c / speed, start.grad![.., 0], 2e-10);
        AssertEach([1000, 0], times.grad!, 1e-8);
        Zero(w, level, start, times);

        // The state at the event: the place is c whatever happens, the speed is known.
        (flow.Output[.., 0].sum() + flow.Output[.., 1].sum()).backward();
        AssertEach(-sign * (1 - c.square()).sqrt(), w.grad!, 1e-10);
        AssertEach(1 + (sign * rate * c / (1 - c.square()).sqrt()), level.grad!, 2e-9);
        AssertEach([0, 0], times.grad!, 1e-8);
    }

    private static FlowSettings Fine(double tolerance, long budget = 1L << 28) => new()
    {
        Steps = new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance },
        Gradient = new DiscreteAdjoint { MemoryBudget = budget },
    };

    private static void Zero(params Tensor[] leaves)
    {
        foreach (Tensor leaf in leaves)
        {
            leaf.grad?.zero_();
        }
    }

    private static double Value(double[] polynomial, double z) => polynomial.Reverse().Aggregate(0.0, (sum, c) => (sum * z) + c);

    private static void AssertClose(double expected, Tensor found) =>
        Assert.Equal(expected, found.item<double>(), 1e-13 * Math.Abs(expected));

    private static void AssertEach(Tensor expected, Tensor found, double within) =>
        AssertEach([.. expected.contiguous().data<double>()], found, within);

    private static void AssertEach(double[] expected, Tensor found, double within)
    {
        double[] all = [.. found.contiguous().data<double>()];
        Assert.Equal(expected.Length, all.Length);
        int worst = Enumerable.Range(0, all.Length).MaxBy(i => double.IsNaN(all[i]) ? double.PositiveInfinity : Math.Abs(all[i] - expected[i]));
        Assert.True(Math.Abs(all[worst] - expected[worst]) <= within, $"place {worst}: {expected[worst]:r} expected, {all[worst]:r} found");
    }
}
