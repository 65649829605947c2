using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class SolverTotalsTests : TensorTest
{
    [Fact]
    public void The_error_bound_is_the_largest_of_all_samples_in_one_norm_or_none()
    {
        Assert.Null(Sum().ErrorBound);
        SolverTotals both = Sum(Solved(0.5, 2, ResidualNorm.L2), Solved(0.25, 4, ResidualNorm.L2));
        Assert.Equal((1.0, ResidualNorm.L2), (both.ErrorBound, both.ErrorNorm));
        Assert.Equal(1, Sum(Solved(0.25, 4, ResidualNorm.L2), Solved(0.5, 2, ResidualNorm.L2)).ErrorBound);
        foreach (SolverTotals unknown in new[]
        {
            Sum(Solved(0.5, 2, ResidualNorm.L2), Solved(0.5, 2, ResidualNorm.Max)),
            Sum(Solved(0.5, 2, ResidualNorm.L2), Solved(0.5, null, ResidualNorm.L2)),
            Sum(Solved(0.5, null, ResidualNorm.L2), Solved(0.5, 2, ResidualNorm.L2)),
        })
        {
            Assert.Null(unknown.ErrorBound);
            Assert.Null(unknown.ErrorNorm);
        }

        SolverTotals resumed = new([1], 1, 1);
        resumed.Add(Solved(0.5, 2, ResidualNorm.L2));
        Assert.Null(resumed.ErrorBound);
    }

    private static SolverTotals Sum(params SolveReport[] reports)
    {
        SolverTotals totals = new();
        Array.ForEach(reports, totals.Add);
        return totals;
    }

    /// <summary>A solve whose residual is a power of two, and at most so much.</summary>
    private static SolveReport Solved(double residual, double? perResidual, ResidualNorm norm)
    {
        using PerSampleMap map = new(u => (u / 2) + 1) { ErrorBound = perResidual is { } known ? new(known, norm) : null };
        using Tensor start = zeros(2, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, stopping: new StoppingRule { AbsoluteTolerance = residual });
        return solution.Report;
    }
}
