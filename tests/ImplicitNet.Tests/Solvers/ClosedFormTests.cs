using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Fixed points known in closed form, by every solver; and the right status from each that cannot find them.</summary>
public sealed class ClosedFormTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-11, MaxSteps = 1000 };

    // Under Picard the rotations keep the residual they start with, and doubling doubles it. Half a rotation is a
    // contraction, by sqrt(1/2).
    private static readonly Dictionary<(string Solver, string Problem), SolveStatus> Failures = new()
    {
        [("Picard", "rotations")] = SolveStatus.Stalled,
        [("Picard", "doubling")] = SolveStatus.Diverged,
        [("Picard with a little momentum, a user's own", "rotations")] = SolveStatus.Diverged,
        [("Picard with a little momentum, a user's own", "doubling")] = SolveStatus.Diverged,
        [("Picard, damping 0.5", "doubling")] = SolveStatus.Diverged,
    };

    public static TheoryData<string, string> SolversAndProblems =>
        new(from problem in ClosedForms.All from solver in SolverCases.All select (solver.Data, problem.Name));

    [Theory]
    [MemberData(nameof(SolversAndProblems))]
    public void Every_solver_finds_the_fixed_point_or_says_why_not(string solver, string name)
    {
        FixedPointProblem problem = FixedPointProblems.Named(name);
        using FixedPointSolution solution = Solve(SolverCases.Named(solver), problem);
        SolveStatus expected = Failures.GetValueOrDefault((solver, name), SolveStatus.Converged);
        Assert.All(solution.Report.Samples, sample => Assert.Equal(expected, sample.Status));
        Assert.Equal(problem.Parameters.Count, solution.Report.Samples.Count);
        if (expected == SolveStatus.Converged)
        {
            AssertSolution(problem, solution);
        }
    }

    [Theory]
    [InlineData("rotations")]
    [InlineData("doubling")]
    public void What_picard_cannot_takes_the_others_eight_steps_at_most(string name)
    {
        foreach (string solver in SolverCases.Accelerated.Select(row => row.Data))
        {
            using FixedPointSolution solution = Solve(SolverCases.Named(solver), FixedPointProblems.Named(name));
            Assert.InRange(solution.Report.MaxSteps, 1, 8);
        }
    }

    [Fact]
    public void A_map_that_overshoots_is_reached_with_damping()
    {
        using PerSampleMap map = new(u => 1 - (u * 1.5));
        using Tensor start = zeros(1, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new PicardSolver { Damping = 0.5 }, Tight);
        Assert.True(solution.Report.AllConverged);
        Assert.Equal(0.4, solution.Latent.ToDouble(), 1e-10);
    }

    private static FixedPointSolution Solve(FixedPointSolver solver, FixedPointProblem problem)
    {
        (PerSampleMap map, Tensor start) = problem.Create();
        using PerSampleMap ownedMap = map;
        using Tensor ownedStart = start;
        return FixedPoint.Solve(map, start, solver, Tight);
    }

    private static void AssertSolution(FixedPointProblem problem, FixedPointSolution solution)
    {
        double[][] found = [.. solution.Latent.data<double>().ToArray().Chunk(problem.Start.Count)];
        Assert.All(problem.Parameters.Zip(found), pair => Assert.InRange(problem.Error!(pair.First, pair.Second), 0, problem.ErrorTolerance));
    }
}
