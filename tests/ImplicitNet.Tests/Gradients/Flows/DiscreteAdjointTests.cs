using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>The exact gradient is that of automatic differentiation through the same steps, by all that a flow depends on.</summary>
public sealed class DiscreteAdjointTests : FlowGradientTest
{
    private const int Batch = 5;

    public static TheoryData<string, long, ScalarType> Cases
    {
        get
        {
            TheoryData<string, long, ScalarType> cases = [];
            foreach (string name in Tableaux.All.Select(tableau => tableau.Name))
            {
                foreach (long budget in (long[])[1L << 28, 2000, 0])
                {
                    cases.Add(name, budget, ScalarType.Float64);
                    cases.Add(name, budget, ScalarType.Float32);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_that_of_the_same_steps_for_every_method_and_budget(string name, long budget, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool isFixed in (bool[])[true, false])
        {
            ButcherTableau tableau = Tableaux.Of(name);
            if (isFixed || tableau.HasError)
            {
                StepController steps = isFixed ? new FixedSteps(23) : new PidController { RelativeTolerance = tableau.Order < 3 ? 1e-3 : 1e-5 };
                AssertSameSteps(tableau, steps, budget, dtype, ownTimes: isFixed != (budget == 0));
            }
        }
    }

    private static void AssertSameSteps(ButcherTableau tableau, StepController steps, long budget, ScalarType dtype, bool ownTimes)
    {
        random.manual_seed(3);
        Leaves leaves = new(dtype);
        double[][] times = [.. Enumerable.Range(0, Batch).Select(sample => ownTimes && sample % 2 == 1
            ? (double[])[1 + (0.1 * sample), 0.61, 0.61, -0.77, -1.5]
            : [0, 0.3, 0.3, 1.1, 2 + (ownTimes ? 0.1 * sample : 0)])];
        FlowTimes asked = ownTimes ? FlowTimes.Of(tensor(times.SelectMany(row => row).ToArray(), [Batch, 5])) : FlowTimes.At(times[0]);
        Tensor weights = randn(5, Batch, 3, dtype), endWeights = randn(Batch, 3, dtype);
        FlowTrace trace = new();
        using PerSampleField field = leaves.Field();
        using FlowResult flow = Implicit.Flow(
            field, leaves.Start, asked,
            new FlowSettings { Solver = new ExplicitRungeKutta(tableau), Steps = steps, Gradient = new DiscreteAdjoint { MemoryBudget = budget } },
            trace: trace);
        ((flow.States * weights).sum() + (flow.Output * endWeights).sum()).backward();
        Tensor[] found = leaves.TakeGradients();

        ReplayedFlow replayed = new(tableau, trace);
        for (int sample = 0; sample < Batch; sample++)
        {
            Tensor states = replayed.States(sample, leaves.Start.narrow(0, sample, 1), times[sample], (t, u) => leaves.Derivative(t, u, sample));
            Tensor same = cat([flow.States[.., sample].detach(), flow.Output[sample].detach().unsqueeze(0)], 0);
            Assert.True(((same - states.detach()).norm() / same.norm()).to(ScalarType.Float64).item<double>() < (dtype == ScalarType.Float64 ? 1e-14 : 1e-5));
            (states * cat([weights[.., sample], endWeights[sample].unsqueeze(0)], 0)).sum().backward();
        }

        Tensor[] expected = leaves.TakeGradients();
        foreach ((string what, Tensor one, Tensor other) in Leaves.Names.Zip(found, expected))
        {
            double off = ((one - other).norm() / other.norm()).to(ScalarType.Float64).item<double>();
            Assert.True(off <= (dtype == ScalarType.Float64 ? 1e-13 : 3e-5), $"{tableau}, {steps.GetType().Name}, {what}: {off}");
        }
    }

    /// <summary>All that a flow can depend on.</summary>
    private sealed class Leaves(ScalarType dtype)
    {
        public static readonly string[] Names = ["start", "per sample", "shared", "parameter", "second parameter"];

        private readonly Tensor _own = randn(Batch, 3, dtype).requires_grad_();
        private readonly Tensor _shared = (randn(3, dtype) * 0.5).requires_grad_();
        private readonly Tensor _matrix = randn(3, 3, dtype).requires_grad_();
        private readonly Tensor _bias = randn(3, dtype).requires_grad_();

        public Tensor Start { get; } = randn(Batch, 3, dtype).requires_grad_();

        public PerSampleField Field() => new(
            (t, u, inputs) => Derivative(t, u, inputs.PerSample[0], inputs.Shared[0]),
            new MapInputs { PerSample = [_own], Shared = [_shared], Parameters = [_matrix, _bias] });

        public Tensor Derivative(Tensor t, Tensor u, int sample) => Derivative(t, u, _own.narrow(0, sample, 1), _shared);

        public Tensor[] TakeGradients()
        {
            Tensor[] leaves = [Start, _own, _shared, _matrix, _bias];
            Tensor[] gradients = [.. leaves.Select(leaf => leaf.grad!.clone())];
            foreach (Tensor leaf in leaves)
            {
                leaf.grad!.zero_();
            }

            return gradients;
        }

        private Tensor Derivative(Tensor t, Tensor u, Tensor own, Tensor shared) =>
            (u.mm(_matrix) + (own * t.cos().unsqueeze(1)) + _bias).tanh() - (u * shared);
    }
}
