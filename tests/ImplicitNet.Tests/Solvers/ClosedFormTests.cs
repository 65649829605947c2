using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Fixed points known in closed form or to many digits from public regression files, by every solver.</summary>
public sealed class ClosedFormTests : TensorTest
{
    private static readonly StoppingRule Tight = new() { AbsoluteTolerance = 1e-11, MaxSteps = 1000 };

    public static TheoryData<string> Solvers => SolverCases.All;

    public static TheoryData<string> Accelerated => SolverCases.Accelerated;

    public static TheoryData<string, double> SolversAndData =>
        new(from solver in SolverCases.All from d in new[] { -0.5, -0.2, 0, 0.3, 0.5 } select (solver.Data, d));

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_cosine_has_the_fixed_point_of_the_literature(string solver) =>
        AssertSolves(solver, u => u.cos(), [[1.1]], [0.73908513321516], 1e-9);

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Square_roots_go_to_one(string solver) =>
        AssertSolves(solver, u => u.sqrt(), [[2, 3, 4, 5, 7, 9, 25.6]], [1, 1, 1, 1, 1, 1, 1], 1e-9);

    [Theory]
    [MemberData(nameof(Solvers))]
    public void An_affine_map_goes_to_b_over_one_minus_a(string solver) =>
        AssertSolves(solver, u => u * 0.5 + 1, [[0]], [2], 1e-9);

    [Theory]
    [MemberData(nameof(Solvers))]
    public void An_affine_system_solves_its_linear_equation(string solver)
    {
        // u1 = u2 / 4 + 1, u2 = u1 / 4 + 2: u = (1 + 2/4, 2 + 1/4) / (1 - 1/16).
        double[] expected = [1.5 / 0.9375, 2.25 / 0.9375];
        AssertSolves(solver, u => u.flip(1) * 0.25 + tensor([1.0, 2.0]), [[0, 0]], expected, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_hyperbolic_tangent_plus_one_settles(string solver)
    {
        // The public figure, 0.96118069, is good to its own test's 1e-5; bisection gives the digits beyond.
        double low = 0, high = 1;
        for (int halving = 0; halving < 100; halving++)
        {
            double middle = (low + high) / 2;
            (low, high) = Math.Tanh(middle + 1) > middle ? (middle, high) : (low, middle);
        }

        Assert.Equal(0.96118069, low, 1e-5);
        AssertSolves(solver, u => (u + 1).tanh(), [[0]], [low], 1e-9);
    }

    [Theory]
    [MemberData(nameof(SolversAndData))]
    public void The_papers_quintic_is_solved(string solver, double d)
    {
        double root = 0;
        for (int newton = 0; newton < 50; newton++)
        {
            root -= (Math.Pow(root, 5) - root + d) / ((5 * Math.Pow(root, 4)) - 1);
        }

        AssertSolves(solver, u => u.pow(5) + d, [[0]], [root], 1e-9);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void The_square_root_pair_is_reached_given_time(string solver) =>
        AssertSolves(
            solver,
            u => stack([(u.select(1, 0) + u.select(1, 1)).abs().sqrt() * 0.5, u.select(1, 0) * 1.5 + u.select(1, 1) * 0.5], 1),
            [[0.3, 900]], [1, 3], 1e-9);

    [Theory]
    [MemberData(nameof(Accelerated))]
    public void Seven_rotations_that_circle_under_picard_come_to_rest_at_zero(string solver)
    {
        // Seven blocks of a quarter turn, which is a contraction in no norm.
        double[] start = [.. Enumerable.Range(1, 14).Select(i => i / 3.0)];
        int steps = AssertSolves(solver, u => cat([u.slice(1, 7, 14, 1).neg(), u.slice(1, 0, 7, 1)], 1), [start], new double[14], 1e-9);
        Assert.InRange(steps, 1, 8);
    }

    [Theory]
    [MemberData(nameof(Accelerated))]
    public void Twice_u_plus_one_has_the_fixed_point_minus_one(string solver) =>
        Assert.InRange(AssertSolves(solver, u => u * 2 + 1, [[0]], [-1], 1e-9), 1, 8);

    [Fact]
    public void A_map_that_overshoots_is_reached_with_damping()
    {
        using PerSampleMap map = new(u => 1 - (u * 1.5));
        using Tensor start = zeros(1, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new PicardSolver { Damping = 0.5 }, Tight);
        Assert.True(solution.Report.AllConverged);
        Assert.Equal(0.4, solution.Latent.ToDouble(), 1e-10);
    }

    private static int AssertSolves(string solver, Func<Tensor, Tensor> function, double[][] start, double[] expected, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(function);
        Tensor begin = stack([.. start.Select(row => tensor(row))]);
        using FixedPointSolution solution = FixedPoint.Solve(map, begin, SolverCases.Named(solver), Tight);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        double[] found = [.. solution.Latent.data<double>()];
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < found.Length; i++)
        {
            Assert.Equal(expected[i], found[i], tolerance);
        }

        return solution.Report.MaxSteps;
    }
}
