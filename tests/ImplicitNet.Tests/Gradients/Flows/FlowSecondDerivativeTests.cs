using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>Second derivatives are the differences of first ones, by all that a flow depends on; or they are refused.</summary>
public sealed class FlowSecondDerivativeTests : FlowGradientTest
{
    private const double Little = 1e-5;

    public static TheoryData<string, bool, long> Cases => new(
        from name in (string[])["Euler", "RK4", "Bosh3", "Tsit5"]
        from isPerSample in (bool[])[true, false]
        from budget in (long[])[1L << 28, 0]
        select (name, isPerSample, budget));

    [Theory]
    [MemberData(nameof(Cases))]
    public void They_are_the_differences_of_first_derivatives(string name, bool isPerSample, long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor[] at = [.. Enumerable.Range(0, 4).Select(i => (i == 3 ? randn(2, 2, ScalarType.Float64) : randn(3, 2, ScalarType.Float64)) * 0.7)];
        Tensor[] along = [.. at.Select(tensor => randn_like(tensor))];
        Tensor[] leaves = [.. at.Select(tensor => tensor.clone().requires_grad_())];
        Tensor[] first = Gradients(leaves, create: true);
        Tensor dot = first.Zip(along, (one, other) => (one * other).sum()).Aggregate((one, other) => one + other);
        Tensor?[] second = [.. VectorProducts.TransposeProducts(dot, leaves, ones_like(dot), createGraph: false)];
        Tensor[] ahead = Gradients(Moved(Little), create: false), behind = Gradients(Moved(-Little), create: false);
        for (int i = 0; i < at.Length; i++)
        {
            Tensor difference = (ahead[i] - behind[i]) / (2 * Little);
            double off = ((second[i]! - difference).norm() / difference.norm()).item<double>();
            Assert.True(off < 1e-6, $"{name}, leaf {i}: {off}");
        }

        Tensor[] Moved(double share) => [.. at.Zip(along, (one, way) => (one + (way * share)).requires_grad_())];

        Tensor[] Gradients(Tensor[] given, bool create)
        {
            Tensor Function(Tensor t, Tensor u, MapInputs inputs) =>
                (u.mm(given[3]) + inputs.PerSample[0] + (inputs.Shared[0] * t.cos().unsqueeze(1))).tanh() - (isPerSample ? u * 0.1 : u.mean());
            MapInputs inputs = new() { PerSample = [given[1]], Shared = [given[2]], Parameters = [given[3]] };
            using VectorField field = isPerSample ? new PerSampleField(Function, inputs) : new CoupledField(Function, inputs);
            FlowResult flow = Implicit.Flow(field, given[0], FlowTimes.At(0, 0.37, 1), new FlowSettings
            {
                Solver = new ExplicitRungeKutta(Tableaux.Of(name)),
                Steps = new FixedSteps(5),
                Gradient = new DiscreteAdjoint { MemoryBudget = budget },
            });
            Tensor loss = flow.Output.pow(3).sum() + flow.States[1].square().sum();
            return [.. VectorProducts.TransposeProducts(loss, given, ones_like(loss), createGraph: create).Select(one => one!)];
        }
    }

    [Fact]
    public void Those_of_events_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = ones(1, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => u * inputs.PerSample[0], new MapInputs { PerSample = [rate] });
        FlowResult flow = Implicit.Flow(field, ones(1, ScalarType.Float64), FlowTimes.Between(0, 2), terminal: new FlowEvent(u => u - 2));
        Tensor loss = flow.Output.square().sum();
        Tensor? first = null;
        Exception? thrown = Record.Exception(() => first = VectorProducts.TransposeProduct(loss, rate, ones_like(loss), createGraph: true));
        Assert.True(thrown is not null || first!.isnan().all().ToBoolean());
        Assert.ThrowsAny<Exception>(flow.Gradient.ThrowIfFailed);
    }
}
