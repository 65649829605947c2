using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Models.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients.Flows;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class VerletSolverTests : FlowGradientTest
{
    [Fact]
    public void The_energy_of_an_oscillator_stays_as_near_as_h_squared_and_that_of_the_steps_to_the_last_places()
    {
        using DisposeScope scope = NewDisposeScope();
        const double h = 0.1, w = 1;
        const int steps = 100_000, looks = 200;
        using HamiltonianField oscillator = new(p => p, q => q * (-w * w));
        double length = steps * h / steps;
        FlowTimes times = FlowTimes.At([.. Enumerable.Range(0, looks + 1).Select(look => look * (steps / looks) * length)]);
        using FlowSolution flow = Flow.Solve(oscillator, tensor(new[,] { { 1.0, 0.0 } }), times, new VerletSolver(), new FixedSteps(steps));
        flow.Report.ThrowIfFailed();
        Assert.Equal((2L * steps) + 1, flow.Report.Evaluations);
        Tensor q = flow.States.select(2, 0), p = flow.States.select(2, 1);
        Tensor kept = (p.square() + (w * w * q.square() * (1 - (h * h * w * w / 4)))) / 2;
        Assert.Equal(0, (kept - kept[0]).abs().max().ToDouble(), 4e-14);
        Tensor energy = (p.square() + (w * w * q.square())) / 2;
        double error = (energy - energy[0]).abs().max().ToDouble();
        Assert.InRange(error, h * h * w * w / 16, (h * h * w * w / 8) + 1e-12);
    }

    [Fact]
    public void Its_order_is_2_and_the_way_back_is_the_way()
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using HamiltonianField pendulum = new(p => p, q => -q.sin());
        Tensor start = randn(5, 4, ScalarType.Float64);
        using FlowSolution tight = Flow.Solve(
            pendulum, start, FlowTimes.Between(0, 2), steps: new PidController { RelativeTolerance = 1e-12, AbsoluteTolerance = 1e-12 });
        double coarse = Error(40), fine = Error(80);
        Assert.Equal(2, Math.Log2(coarse / fine), 0.2);
        using FlowSolution there = Verlet(start, FlowTimes.Between(0, 2), 50), back = Verlet(there.State, FlowTimes.Between(2, 0), 50);
        Assert.True((back.State - start).abs().max().ToDouble() < 1e-13);

        double Error(int count)
        {
            using FlowSolution flow = Verlet(start, FlowTimes.Between(0, 2), count);
            return (flow.State - tight.State).norm().ToDouble();
        }

        FlowSolution Verlet(Tensor from, FlowTimes times, int count) =>
            Flow.Solve(pendulum, from, times, new VerletSolver(), new FixedSteps(count));
    }

    public static TheoryData<ScalarType, long, bool> Cases => new()
    {
        { ScalarType.Float64, 1L << 28, false },
        { ScalarType.Float64, 0, false },
        { ScalarType.Float64, 1L << 28, true },
        { ScalarType.Float32, 1L << 28, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Its_gradient_is_that_of_automatic_differentiation_through_the_same_steps(ScalarType dtype, long budget, bool isSecond)
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        const int steps = 9;
        HamiltonianOperator network = new(width: 2, hidden: 5);
        using FlowLayer layer = new(network)
        {
            Settings = new FlowSettings
            {
                Solver = new VerletSolver(),
                Steps = new FixedSteps(steps),
                Gradient = new DiscreteAdjoint { MemoryBudget = budget },
            },
        };
        layer.to(dtype);
        Dictionary<string, Tensor> weights = layer.state_dict();
        Tensor start = randn([4, 4], dtype).requires_grad_(), length = tensor(new[] { 1.0, 0.5, 2, 1 });
        FlowTimes times = FlowTimes.Of(stack([zeros_like(length), length], 1));
        using FlowResult flow = layer.Run(start, times);
        Parameter[] parameters = [.. layer.parameters()];
        Tensor[] sources = [start, .. parameters];
        Tensor loss = flow.Output.pow(3).sum(), same = ByHand().pow(3).sum();
        Tensor[] actual = Gradients(loss), expected = Gradients(same);
        if (isSecond)
        {
            loss = actual.Select(each => each.square().sum()).Aggregate((one, two) => one + two);
            same = expected.Select(each => each.square().sum()).Aggregate((one, two) => one + two);
            (actual, expected) = (Gradients(loss), Gradients(same));
        }

        double tolerance = dtype == ScalarType.Float64 ? 1e-13 : 2e-5;
        foreach ((Tensor one, Tensor other) in actual.Zip(expected))
        {
            Assert.True((one - other).abs().max().ToDouble() < tolerance * (1 + other.abs().max().ToDouble()));
        }

        Tensor[] Gradients(Tensor of) => [.. ImplicitNet.Differentiation.VectorProducts
            .TransposeProducts(of, sources, ones_like(of), createGraph: isSecond).Select(each => each!)];

        Tensor ByHand()
        {
            Tensor h = (length / steps).to(dtype).unsqueeze(1), q = start.narrow(1, 0, 2), p = start.narrow(1, 2, 2);
            for (int step = 0; step < steps; step++)
            {
                p -= h / 2 * Part("force", q);
                q += h * Part("velocity", p);
                p -= h / 2 * Part("force", q);
            }

            return cat([q, p], 1);
        }

        Tensor Part(string name, Tensor x)
        {
            Parameter[] of = [.. layer.named_parameters().Where(each => each.name.Contains(name, StringComparison.Ordinal)).Select(each => each.parameter)];
            Parameter weight = of.Single(each => each.ndim == 2), bias = of.Single(each => each.ndim == 1);
            return nn.functional.linear(nn.functional.linear(x, weight, bias).tanh(), weight.t());
        }
    }

    [Fact]
    public void Other_methods_follow_the_same_field_and_samples_have_inputs_of_their_own()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor speeds = tensor(new[,] { { 1.0 }, { 3.0 } });
        using HamiltonianField field = new(
            (p, _) => p, (q, inputs) => -inputs.PerSample[0].square() * q, new MapInputs { PerSample = [speeds] });
        Tensor start = tensor(new[,] { { 1.0, 0.0 }, { 1.0, 0.0 } });
        using FlowSolution exact = Flow.Solve(
            field, start, FlowTimes.Between(0, 1), steps: new PidController { RelativeTolerance = 1e-10, AbsoluteTolerance = 1e-10 });
        using FlowSolution verlet = Flow.Solve(field, start, FlowTimes.Between(0, 1), new VerletSolver(), new FixedSteps(2_000));
        Assert.True((exact.State.select(1, 0) - speeds.select(1, 0).cos()).abs().max().ToDouble() < 1e-8);
        Assert.True((verlet.State - exact.State).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void What_it_cannot_do_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using HamiltonianField field = new(p => p, q => -q);
        using PerSampleField plain = new((_, u) => -u);
        FlowTimes times = FlowTimes.Between(0, 1);
        VerletSolver verlet = new();
        Tensor start = ones(1, 2);
        Assert.Contains("needs a HamiltonianField", Assert.Throws<ArgumentException>(() => Flow.Solve(plain, start, times, verlet, new FixedSteps(2))).Message, StringComparison.Ordinal);
        Assert.Contains("Verlet has no error estimate", Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, times, verlet)).Message, StringComparison.Ordinal);
        Assert.Contains("[batch, 2 n, ...]", Assert.Throws<ArgumentException>(() => Flow.Solve(field, ones(1, 3), times, verlet, new FixedSteps(2))).Message, StringComparison.Ordinal);
        FlowSettings settings = new() { Solver = verlet, Steps = new FixedSteps(2) };
        Tensor asked = ones(1, 2).requires_grad_();
        Assert.Contains("Verlet's steps", Assert.Throws<InvalidOperationException>(() => Implicit.Flow(field, asked, times, settings with { Gradient = new Backsolve() })).Message, StringComparison.Ordinal);
        Assert.Contains("penalties are of the whole field", Assert.Throws<ArgumentException>(() => Implicit.Flow(field, asked, times, settings with { Penalties = [new KineticPenalty()] })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HamiltonianOperator(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HamiltonianOperator(1, 0));
        using FlowSolution none = Flow.Solve(field, zeros(0, 2), times, verlet, new FixedSteps(2));
        Assert.Equal([0L, 2], none.State.shape);
    }
}
