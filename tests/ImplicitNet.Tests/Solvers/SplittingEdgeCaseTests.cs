using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Operators.Monotone;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Splittings of no samples, of weights that nothing bounds, and of maps and activations that are used in unusual ways.</summary>
public sealed class SplittingEdgeCaseTests : TensorTest
{
    [Theory]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void What_resolvents_cost_is_counted_for_each_solve_also_where_the_map_had_another_step_before(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(26);
        using MonotoneOperator latentOperator = new(MonotoneCases.Create(kind));
        Tensor q = randn([2, .. MonotoneCases.Shape(kind)], ScalarType.Float64);
        using FixedPointMap map = latentOperator.Bind(q);
        StoppingRule rule = new() { RelativeTolerance = 1e-6, MaxSteps = 10_000 };
        foreach (double alpha in (double[])[0.3, 0.1, 0.3])
        {
            PeacemanRachfordSolver solver = new() { Alpha = alpha };
            using FixedPointSolution again = FixedPoint.Solve(map, zeros_like(q), solver, rule);
            using FixedPointMap fresh = latentOperator.Bind(q);
            using FixedPointSolution first = FixedPoint.Solve(fresh, zeros_like(q), solver, rule);
            Assert.Equal(first.Report.Evaluations, again.Report.Evaluations);
        }
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void No_samples_are_solved_and_differentiated(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = new(MonotoneCases.Create(kind));
        Tensor q = zeros([0, .. MonotoneCases.Shape(kind)], ScalarType.Float64).requires_grad_();
        using FixedPointMap map = latentOperator.Bind(q);
        foreach (string solver in (string[])["forward-backward", "peaceman-rachford"])
        {
            using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), MonotoneCases.Solver(solver));
            Assert.Equal(q.shape, solution.Latent.shape);
            Assert.Empty(solution.Report.Samples);
        }

        using IDisposable noGraph = no_grad();
        Assert.Equal(q.shape, map.Evaluate(q).shape);
        Assert.Equal(q.shape, ((SplittingMap)map).Resolvent(q, 0.5).shape);
    }
}
