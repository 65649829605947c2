using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>Gradients of random flows are their central differences, by everything at once: starts, inputs, times, and what an event says.</summary>
public sealed class FlowDifferencesTests : FlowGradientTest
{
    private const int Batch = 4;
    private const double Little = 1e-5;

    public static TheoryData<int, bool, bool> Cases => new(
        from seed in Enumerable.Range(1, 8)
        from hasEvent in (bool[])[false, true]
        from isShared in (bool[])[false, true]
        select (seed, hasEvent, isShared));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_flow_has_the_gradients_of_its_differences(int seed, bool hasEvent, bool isShared)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(seed);
        double[] row = seed % 2 == 0 ? [0.5, 0.9, 1.4, 2] : [1, 0.7, 0.1, -0.6];
        Tensor times = tensor(isShared ? row : [.. Enumerable.Range(0, Batch).SelectMany(sample => row.Select(t => t + (t * sample * 0.1)))]);
        Tensor[] at =
        [
            randn(Batch, 2, ScalarType.Float64), randn(Batch, 2, ScalarType.Float64), randn(2, ScalarType.Float64) * 0.5,
            randn(2, 2, ScalarType.Float64), isShared ? times : times.reshape(Batch, 4), full([], -0.2 - (0.05 * seed), ScalarType.Float64),
        ];
        Tensor[] along = [.. at.Select(tensor => randn_like(tensor))];
        Tensor[] weights = [randn(Batch, 2, ScalarType.Float64), randn(Batch, 2, ScalarType.Float64), randn(Batch, ScalarType.Float64)];
        (FlowStatus[] Statuses, double Loss) Loss(double share, bool isBackward)
        {
            Tensor[] leaves = [.. at.Zip(along, (one, way) => (one + (way * share)).requires_grad_())];
            using PerSampleField field = new(
                (t, u, inputs) => (u.mm(leaves[3]) + inputs.PerSample[0] + (inputs.Shared[0] * (2 * t).cos().unsqueeze(1))).tanh() - (u * 0.2),
                new MapInputs { PerSample = [leaves[1]], Shared = [leaves[2]], Parameters = [leaves[3], leaves[5]] });
            FlowEvent? terminal = hasEvent
                ? new FlowEvent((t, u, inputs) => (u[.., 0] * u[.., 1]) + (0.3 * t.sin()) + (inputs.PerSample[0][.., 0] * 0.1) - leaves[5])
                : null;
            FlowResult flow = Implicit.Flow(field, leaves[0], FlowTimes.Of(leaves[4]), new FlowSettings
            {
                Steps = new PidController { RelativeTolerance = 1e-12, AbsoluteTolerance = 1e-12 },
                Gradient = new DiscreteAdjoint { MemoryBudget = seed % 3 == 0 ? 0 : 1 << 20 },
            }, terminal);
            Tensor between = where(flow.States[1].isnan(), 0, flow.States[1]);
            Tensor loss = (flow.Output.square() * weights[0]).sum() + (between * weights[1]).sum()
                + (hasEvent ? (flow.Times.square() * weights[2]).sum() : 0);
            if (isBackward)
            {
                loss.backward();
                flow.Gradient.ThrowIfFailed();
                double slope = leaves.Zip(along, (leaf, way) => leaf.grad is null ? 0 : (leaf.grad * way).sum().item<double>()).Sum();
                return ([.. flow.Report.Samples.Select(sample => sample.Status)], slope);
            }

            return ([.. flow.Report.Samples.Select(sample => sample.Status)], loss.item<double>());
        }

        (FlowStatus[] here, double found) = Loss(0, isBackward: true);
        ((FlowStatus[] ahead, double up), (FlowStatus[] behind, double down)) = (Loss(Little, isBackward: false), Loss(-Little, isBackward: false));
        Assert.Equal(here, ahead);
        Assert.Equal(here, behind);
        double expected = (up - down) / (2 * Little);
        Assert.True(Math.Abs(found - expected) <= 2e-6 * (1 + Math.Abs(expected)), $"{expected} by differences, {found} found; {string.Join(" ", here)}");
    }

    [Fact]
    public void Euler_steps_of_length_1_on_the_relaxation_of_a_map_are_the_unrolled_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        Tensor weight = (randn(4, 4, ScalarType.Float64) * 0.2).requires_grad_(), q = randn(3, 4, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(
            (u, inputs) => (u.mm(weight) + inputs.PerSample[0]).tanh(), new MapInputs { PerSample = [q], Parameters = [weight] });
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(3, 4, ScalarType.Float64), stopping: new StoppingRule { RelativeTolerance = 1e-14 });
        foreach (int steps in (int[])[1, 2, 5])
        {
            new UnrolledGradient { Steps = steps }.Attach(map, solution).pow(3).sum().backward();
            Tensor[] expected = Taken();
            using RelaxationField field = new(map);
            using FlowResult flow = Implicit.Flow(field, solution.Latent, FlowTimes.Between(0, steps), new FlowSettings
            {
                Solver = new ExplicitRungeKutta(ButcherTableau.Euler),
                Steps = new FixedSteps(steps),
                Gradient = new TruncatedAdjoint { Steps = steps },
            });
            flow.Output.pow(3).sum().backward();
            Assert.All(Taken().Zip(expected), pair => Assert.True(pair.First.allclose(pair.Second, 1e-12, 1e-13), $"{steps} steps"));
        }

        Tensor[] Taken()
        {
            Tensor[] gradients = [weight.grad!.clone(), q.grad!.clone()];
            weight.grad!.zero_();
            q.grad!.zero_();
            return gradients;
        }
    }

    [Theory]
    [InlineData("RK4", 1L << 20)]
    [InlineData("Tsit5", 1L << 20)]
    [InlineData("Tsit5", 0)]
    public void The_last_steps_alone_are_a_flow_from_where_they_begin(string name, long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor weight = randn(3, 3, ScalarType.Float64).requires_grad_(), start = randn(5, 3, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (t, u, _) => (u.mm(weight) + t.unsqueeze(1)).tanh(), new MapInputs { Parameters = [weight] });
        FlowSettings settings = new() { Solver = new ExplicitRungeKutta(Tests.Flows.Tableaux.Of(name)), Steps = new FixedSteps(8) };
        using FlowResult whole = Implicit.Flow(
            field, start, FlowTimes.Between(0, 2), settings with { Gradient = new TruncatedAdjoint { Steps = 3, MemoryBudget = budget } });
        whole.Output.pow(3).sum().backward();
        Tensor found = weight.grad!.clone();
        Assert.True(start.grad is null || start.grad.abs().max().item<double>() == 0);
        weight.grad!.zero_();
        using FlowResult first = Implicit.Flow(field, start, FlowTimes.Between(0, 1.25), settings with { Steps = new FixedSteps(5) });
        using FlowResult last = Implicit.Flow(field, first.Output.detach(), FlowTimes.Between(1.25, 2), settings with { Steps = new FixedSteps(3) });
        last.Output.pow(3).sum().backward();
        Assert.True(found.allclose(weight.grad!, 1e-11, 1e-12));
    }
}
