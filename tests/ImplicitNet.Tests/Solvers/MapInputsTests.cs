using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Several inputs of samples: they leave the batch with their samples, and gradients know each of them.</summary>
public sealed class MapInputsTests : TensorTest
{
    /// <summary>u = rate u + mask q, closed form mask q / (1 - rate): rates so far apart that samples leave one after the other.</summary>
    private static readonly double[] Rates = [0.05, 0.3, 0.5, 0.8, 0.9, 0.95];

    public static TheoryData<string> Gradients => [.. GradientCases.Names.Select(row => row.Data).Where(name => name != "jfb")];

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void Inputs_of_samples_leave_the_batch_with_their_samples(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor q, Tensor rate, Tensor mask) = Problem();
        using FixedPointMap map = Map(q, rate, mask);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros_like(q), SolverCases.Named(solver), new StoppingRule { AbsoluteTolerance = 1e-10, MaxSteps = 1000, Patience = 500 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.True(solution.Latent.allclose(q * mask / (1 - rate), 1e-7, 1e-7));
    }

    [Theory]
    [MemberData(nameof(Gradients))]
    public void Each_input_has_its_gradient(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor q, Tensor rate, Tensor mask) = Problem();
        rate = (rate * 0.1).detach();
        q.requires_grad_();
        rate.requires_grad_();
        using FixedPointMap map = Map(q, rate, mask);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros_like(q), new BroydenSolver { KeepInverse = true }, new StoppingRule { AbsoluteTolerance = 1e-13 });
        GradientReport report = new();
        GradientCases.Get(mode).Attach(map, solution, report).sum().backward();
        report.ThrowIfFailed();

        // The Neumann series of two or three terms, a few steps and what Broyden learned are near, the others exact.
        double tolerance = mode is "neumann" or "phantom" or "inverse reuse" or "two terms" or "two steps" ? 0.15 : 1e-9;
        Tensor byInput = mask / (1 - rate.detach());
        Tensor byRate = (q.detach() * mask / (1 - rate.detach()).square()).sum(1, keepdim: true);
        Assert.True(q.grad!.allclose(byInput, tolerance, 1e-12));
        Assert.True(rate.grad!.allclose(byRate, tolerance, 1e-12));
    }

    [Fact]
    public void What_is_owned_goes_with_the_map_and_nothing_else_does()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ones(2, 3), weight = ones(3);
        MapInputs inputs = new() { PerSample = [q], Shared = [weight], Owned = [weight] };
        FixedPointMap map = new PerSampleMap((u, bound) => (u * bound.Shared[0] * 0.5) + bound.PerSample[0], inputs);
        using (FixedPointMap restricted = map.Restrict(tensor(new long[] { 1 })))
        {
            Assert.Equal([1, 3], restricted.Evaluate(ones(1, 3)).shape);
        }

        Assert.False(weight.IsInvalid);
        map.Dispose();
        Assert.True(weight.IsInvalid);
        Assert.False(q.IsInvalid);
    }

    [Fact]
    public void Parameters_are_named_as_a_module_gives_them_and_enumerated_once()
    {
        using nn.Module<Tensor, Tensor> linear = nn.Linear(3, 3);
        Tensor[] parameters = [.. linear.parameters()];
        Assert.Equal(parameters, new MapInputs { Parameters = linear.parameters() }.Parameters);
        int passes = 0;
        using MapInputs lazy = new() { Parameters = Counted() };
        using PerSampleMap map = new((u, _) => linear.call(u), lazy);
        using FixedPointMap other = map.With(lazy.Borrowed());
        Assert.Equal(parameters, lazy.Parameters);
        Assert.Equal(parameters, other.Inputs.Parameters);
        Assert.Equal(1, passes);
        Assert.Equal("Parameters", Assert.Throws<ArgumentException>(() => new MapInputs { Parameters = [parameters[0], null!] }).ParamName);

        IEnumerable<Tensor> Counted()
        {
            passes++;
            foreach (Tensor parameter in parameters)
            {
                yield return parameter;
            }
        }
    }

    [Theory]
    [InlineData(new long[] { 3 })]
    [InlineData(new long[] { 1, 3 })]
    [InlineData(new long[] { 5, 3 })]
    [InlineData(new long[0])]
    public void An_input_of_samples_without_a_row_for_each_is_refused_by_both_shapes(long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ones(4, 3), wrong = ones(shape);
        string words = $"Input 1 of the map belongs to samples and needs one row for each of the 4 of u, [4, 3] Float32. Given: [{string.Join(", ", shape)}] Float32.";
        string one = Assert.Throws<ArgumentException>(
            () => Implicit.Solve((Tensor u, Tensor[] given) => (u / 2) + given[0] + given[1], zeros(4, 3), [q, wrong])).Message;
        Assert.StartsWith(words, one, StringComparison.Ordinal);
        using PerSampleMap map = new((u, given) => (u / 2) + given.PerSample[0], new MapInputs { PerSample = [q, wrong] });
        string other = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, zeros(4, 3)).Dispose()).Message;
        Assert.StartsWith(words, other, StringComparison.Ordinal);

        // A coupled map never lets a sample leave: there it may be of any shape.
        using CoupledMap coupled = new((u, given) => (u / 2) + given.PerSample[0], new MapInputs { PerSample = [q, wrong] });
        Assert.True(Implicit.Solve(coupled, zeros(4, 3)).allclose(q * 2, 1e-3));
    }

    private static PerSampleMap Map(Tensor q, Tensor rate, Tensor mask) => new(
        (u, inputs) => (u * inputs.PerSample[1]) + (inputs.PerSample[0] * inputs.PerSample[2]),
        new MapInputs { PerSample = [q, rate, mask], Parameters = [] });

    private static (Tensor Q, Tensor Rate, Tensor Mask) Problem()
    {
        random.manual_seed(3);
        long batch = 16 * Rates.Length;
        Tensor rate = tensor(Rates).repeat(16).unsqueeze(1);
        return (randn(batch, 5, ScalarType.Float64), rate, randint(0, 2, [batch, 5], ScalarType.Float64));
    }
}
