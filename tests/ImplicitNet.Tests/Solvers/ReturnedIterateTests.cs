using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>The best iterate or the last: what is returned where nothing converged, and that its residual is what is reported.</summary>
public sealed class ReturnedIterateTests : TensorTest
{
    /// <summary>A rule of a user's own: the start.</summary>
    private sealed record FirstIterate : ReturnedIterate
    {
        public override bool Replaces(double residual, double least) => double.IsPositiveInfinity(least);
    }

    [Fact]
    public void Where_later_iterates_are_worse_the_last_is_returned_if_it_is_asked_for()
    {
        // Residuals 1, 1.1, 1.21, ... from 0; of two coupled elements in different units.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => (u * 1.1) + q, tensor(new double[,] { { 1, 0 }, { 0, 2 } }));
        Tensor start = zeros(2, 2, ScalarType.Float64);
        StoppingRule rule = new() { MaxSteps = 9 };
        using FixedPointSolution best = FixedPoint.Solve(map, start, stopping: rule);
        Assert.All(best.Report.Samples, sample => Assert.Equal((SolveStatus.MaxStepsReached, 1), (sample.Status, sample.BestStep)));
        Assert.Equal(0, best.Latent.abs().sum().ToDouble());
        using FixedPointSolution last = FixedPoint.Solve(map, start, stopping: rule with { Returned = ReturnedIterate.Last });
        Assert.All(last.Report.Samples, sample => Assert.Equal((SolveStatus.MaxStepsReached, 9), (sample.Status, sample.BestStep)));
        Assert.Equal((Math.Pow(1.1, 8) - 1) / 0.1, last.Latent[0, 0].ToDouble(), 1e-9);
        Assert.Equal(2 * Math.Pow(1.1, 8), last.Report.Samples[1].Residual, 1e-9);
        SolverChain twice = new() { Solvers = [new PicardSolver(), new PicardSolver()] };
        using FixedPointSolution first = FixedPoint.Solve(map, start, twice, rule with { Returned = new FirstIterate() });
        Assert.All(first.Report.Samples, sample => Assert.Equal((27, 1), (sample.Steps, sample.BestStep)));

        // The second solver of a chain begins at the start, and once more from there.
        using FixedPointSolution chain = FixedPoint.Solve(map, start, twice, rule with { Returned = ReturnedIterate.Last });
        Assert.All(chain.Report.Samples, sample => Assert.Equal((27, 27), (sample.Steps, sample.BestStep)));
        Assert.Equal((Math.Pow(1.1, 16) - 1) / 0.1, chain.Latent[0, 0].ToDouble(), 1e-9);
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void The_residual_reported_is_that_of_the_iterate_returned_which_is_finite(string solver)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        Tensor q = randn(30, 6, ScalarType.Float64);
        Tensor hard = tensor([0.5, 1.0, 3.0, 12.0, 1e4, double.NaN]).repeat(5).unsqueeze(1);
        foreach (ReturnedIterate returned in new[] { ReturnedIterate.Best, ReturnedIterate.Last })
        {
            foreach (int most in new[] { 1, 2, 7, 60 })
            {
                using PerSampleMap map = new((u, x) => (u * u * x.narrow(1, 0, 1)) + x.narrow(1, 1, 6), cat([hard, q], 1));
                using FixedPointSolution solution = FixedPoint.Solve(
                    map, zeros_like(q), SolverCases.Named(solver), new StoppingRule { MaxSteps = most, Returned = returned });
                Assert.True(solution.Latent.isfinite().all().ToBoolean());
                double[] residuals = [.. (map.Evaluate(solution.Latent) - solution.Latent).norm(1).data<double>()];
                for (int sample = 0; sample < residuals.Length; sample++)
                {
                    SampleReport report = solution.Report.Samples[sample];
                    bool isTrue = Math.Abs(report.Residual - residuals[sample]) <= 1e-9 * (1 + residuals[sample]);
                    Assert.True(report.BestStep == 0 || isTrue, $"{report} {residuals[sample]}");
                }
            }
        }
    }
}
