using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Maps whose iterates run away: a residual that is small beside a large u is no fixed point.</summary>
public sealed class RunawayTests : TensorTest
{
    /// <summary>Maps without a fixed point, whose residual comes nowhere to half of what it is where they are started.</summary>
    private static readonly Dictionary<string, Func<Tensor, Tensor>> Endless = new()
    {
        ["u + 1"] = u => u + 1,
        ["u - 3"] = u => u - 3,
        ["u + 1.5 + sin(u) / 2.1"] = u => u + 1.5 + (u.sin() / 2.1),
        ["u + 1 + sigmoid u"] = u => u + u.sigmoid() + 1.01,
        ["sqrt(1 + u^2) + 5"] = u => ((u * u) + 1).sqrt() + 5,
        ["u + 1 + u^2 / 10"] = u => u + 1 + (u * u / 10),
        ["exp u"] = u => u.exp(),
        ["1.5 |u| + 1"] = u => (u.abs() * 1.5) + 1,
    };

    public static TheoryData<string, string> Maps => [.. from map in Endless.Keys from solver in SolverCases.All select (map, solver.Data)];

    [Theory]
    [MemberData(nameof(Maps))]
    public void A_map_without_a_fixed_point_never_converges(string name, string solver)
    {
        Func<Tensor, Tensor> function = Endless[name];
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
        {
            foreach (StoppingRule rule in Rules())
            {
                using DisposeScope scope = NewDisposeScope();
                using PerSampleMap map = new(function);
                using FixedPointSolution solution = FixedPoint.Solve(map, tensor(new double[,] { { 0 }, { 0.5 }, { 3 }, { 40 } }).to(dtype), SolverCases.Named(solver), rule);
                AssertNone(solution.Report, rule, dtype);
                using CoupledMap coupled = new(function);
                using FixedPointSolution whole = FixedPoint.Solve(coupled, tensor(new double[,] { { 3, 1 } }).to(dtype), SolverCases.Named(solver), rule);
                AssertNone(whole.Report, rule, dtype);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void Where_the_residual_is_larger_than_at_the_start_nothing_has_converged(string solver)
    {
        // A contraction near its only fixed point 0, from where acceleration runs away.
        foreach (double start in new[] { 1.0, 1.5, 3, 10, 1e4 })
        {
            using DisposeScope scope = NewDisposeScope();
            using PerSampleMap map = new(u => u - u.arctan());
            using FixedPointSolution solution = FixedPoint.Solve(map, full([1, 1], start, ScalarType.Float64), SolverCases.Named(solver));
            SampleReport sample = solution.Report.Samples[0];
            Assert.Equal(Math.Atan(start), sample.StartResidual, 1e-12);
            double residual = Math.Abs(Math.Atan(solution.Latent.ToDouble()));
            bool startPassed = sample.Steps == 1 && residual <= 1e-11 + (1e-8 * start);
            Assert.True(sample.Status != SolveStatus.Converged || startPassed || residual <= Math.Atan(start) / 2, $"{sample} at {solution.Latent.ToDouble()}");
        }
    }

    [Fact]
    public void A_chain_is_held_to_the_residual_where_its_first_solver_began()
    {
        // u falls to a residual of 0.6 of that at the start and stays there; beside the u of then that is small.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => where(u < 1, u + 1, u + 0.6));
        SolverChain chain = new() { Solvers = [new PicardSolver(), new PicardSolver { Damping = 0.5 }, new AndersonSolver()] };
        StoppingRule rule = new() { RelativeTolerance = 0.2, MaxSteps = 8 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1), chain, rule);
        Assert.All(solution.Report.Samples, sample => Assert.Equal(SolveStatus.MaxStepsReached, sample.Status));
        Assert.All(solution.Report.Samples, sample => Assert.True(sample.StartResidual == 1 && sample.Passed != TolerancePart.None, sample.ToString()));

        // Eight of the first solver, and of each other from the start and from the best iterate.
        Assert.All(solution.Report.Samples, sample => Assert.Equal(40, sample.Steps));
        Assert.Contains("without coming to half of the residual at the start", solution.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_names_the_part_of_the_tolerance_that_was_met()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => (u * 0.5) + q, tensor(new double[,] { { 1e-9 }, { 1 }, { 0 } }));
        using FixedPointSolution solution = FixedPoint.Solve(
            map, tensor(new double[,] { { 1 }, { 1 }, { 0 } }), stopping: new StoppingRule { AbsoluteTolerance = 1e-6, RelativeTolerance = 1e-4 });
        Assert.Equal([TolerancePart.Absolute, TolerancePart.Relative, TolerancePart.Absolute], solution.Report.Samples.Select(sample => sample.Passed));
        Assert.Equal((2, 1), (solution.Report.CountConverged(TolerancePart.Absolute), solution.Report.CountConverged(TolerancePart.Relative)));
        Assert.Equal([0.5, 0.5, 0], solution.Report.Samples.Select(sample => Math.Round(sample.StartResidual, 6)));
    }

    private static IEnumerable<StoppingRule> Rules() =>
    [
        new StoppingRule { MaxSteps = 120 },
        new StoppingRule { RelativeTolerance = 0.05, MaxSteps = 120, Norm = ResidualNorm.Max, Scale = ResidualScale.PerElement },
        new StoppingRule { AbsoluteTolerance = 1e-3, RelativeTolerance = 1e-2, MaxSteps = 120, Norm = ResidualNorm.RootMeanSquare },
    ];

    /// <summary>Only a start that is large enough may meet the tolerance.</summary>
    private static void AssertNone(SolveReport report, StoppingRule rule, ScalarType dtype) => Assert.All(
        report.Samples, sample => Assert.True(sample.Status != SolveStatus.Converged || sample.Steps == 1, $"{sample} {rule} {dtype}"));
}
