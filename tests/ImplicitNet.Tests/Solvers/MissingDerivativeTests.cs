using ImplicitNet.LinearSolvers;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Operations that torch can differentiate once and not twice.</summary>
public sealed class MissingDerivativeTests : TensorTest
{
    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> Maps = new()
    {
        ["sampling on a grid"] = (u, q) => (nn.functional.grid_sample(u.sin(), Grid(u), align_corners: false) * 0.4) + q,
        ["distances"] = (u, q) => (cdist(u, q) * 0.2) + q,
        ["fused attention"] = (u, q) => (nn.functional.scaled_dot_product_attention(u, u, q) * 0.3) + q,
    };

    public static TheoryData<string> Names => [.. Maps.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Newton_takes_differences_instead_and_the_report_says_so(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor q = randn([3, 1, 4, 4], ScalarType.Float64);
        using PerSampleMap map = new(Maps[name], q);
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-9 };
        using FixedPointSolution expected = FixedPoint.Solve(map, zeros_like(q), stopping: stopping);
        using FixedPointSolution found = FixedPoint.Solve(map, zeros_like(q), new NewtonKrylovSolver(), stopping);
        Assert.True(found.Report.AllConverged, found.Report.ToString());
        Assert.True(found.Latent.allclose(expected.Latent, 1e-7, 1e-7));
        Assert.True(found.Report.JacobianByDifferences);
        Assert.Contains("differences", found.Report.ToString(), StringComparison.Ordinal);
        Assert.False(expected.Report.JacobianByDifferences);

        using FixedPointSolution chained = FixedPoint.Solve(
            map, zeros_like(q), new SolverChain { Solvers = [new PicardSolver(), new NewtonKrylovSolver()] }, stopping with { MaxSteps = 4 });
        Assert.True(chained.Report.JacobianByDifferences);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_norm_cannot_be_measured_so_and_is_refused_in_one_line(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(Maps[name], randn(2, 1, 4, 4));
        string message = Assert.ThrowsAny<InvalidOperationException>(() => Contraction.Measure(map, randn(2, 1, 4, 4))).Message;
        Assert.Contains("not implemented", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_map_that_can_be_differentiated_twice_is()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 0.5).sin() + 1);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 3), new NewtonKrylovSolver { LinearSolver = new CgnrSolver() });
        Assert.True(solution.Report.AllConverged);
        Assert.False(solution.Report.JacobianByDifferences);
    }

    private static Tensor Grid(Tensor u) =>
        tensor(Enumerable.Range(0, 32).Select(i => Math.Sin(i)).ToArray(), dtype: u.dtype).reshape(1, 4, 4, 2).expand(u.shape[0], 4, 4, 2);
}
