using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class FixedPointLinearSolverTests : TensorTest
{
    [Fact]
    public void The_defaults_are_pinned_and_bad_options_refused()
    {
        FixedPointLinearSolver solver = new();
        Assert.Equal(new PicardSolver(), solver.Solver);
        Assert.Equal(100, solver.MaxSteps);
        Assert.Throws<ArgumentNullException>(() => new FixedPointLinearSolver { Solver = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedPointLinearSolver { MaxSteps = 0 });
    }

    [Fact]
    public void With_picard_it_is_the_neumann_series_and_each_sample_ends_at_its_own_tolerance()
    {
        // A = 1 - 1/2: the partial sums of b + b/2 + b/4 + ... leave b/2, b/4, b/8 and so on.
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(full([4, 1, 1], 0.5, ScalarType.Float64));
        LinearTolerance[] tolerances = [new(0.5), new(0.3), new(0.25), new(0, 4)];
        using LinearSolution solution = new FixedPointLinearSolver().Solve(linear, tensor(new double[,] { { 1 }, { 1 }, { 1 }, { 64 } }), tolerances);
        Assert.Equal([1, 1.5, 1.5, 120], solution.Vectors.data<double>().Select(value => Math.Round(value, 12)));
        Assert.Equal([1, 2, 2, 4], solution.Samples.Select(sample => sample.Products));
        Assert.Equal([0.5, 0.25, 0.25, 0.0625], solution.Samples.Select(sample => Math.Round(sample.RelativeResidual, 12)));
        Assert.Equal(9, solution.Products);
    }

    [Fact]
    public void A_right_side_lost_in_a_large_x_is_not_called_solved()
    {
        // A = 0 and b = 1: x grows until x + 1 is x.
        using DisposeScope scope = NewDisposeScope();
        foreach (FixedPointSolver solver in new FixedPointSolver[] { new PicardSolver(), new AndersonSolver(), new BroydenSolver() })
        {
            using DenseOperator linear = new(zeros(1, 3, 3, ScalarType.Float64));
            using LinearSolution solution = new FixedPointLinearSolver { Solver = solver }.Solve(linear, ones(1, 3, ScalarType.Float64), [new(1e-8)]);
            Assert.NotEqual(LinearStatus.Converged, solution.Samples[0].Status);
            Assert.Equal(1, solution.Samples[0].RelativeResidual);
            Assert.Equal(0, solution.Vectors.abs().max().ToDouble());
        }
    }

    [Fact]
    public void What_does_not_contract_is_said_to_diverge_and_gives_the_best_so_far()
    {
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(full([1, 1, 1], 3.0, ScalarType.Float64));
        using LinearSolution plain = new FixedPointLinearSolver().Solve(linear, ones(1, 1, ScalarType.Float64), [new(1e-8)]);
        Assert.Equal((LinearStatus.Diverged, 1.0), (plain.Samples[0].Status, plain.Samples[0].RelativeResidual));
        using LinearSolution damped = new FixedPointLinearSolver { Solver = new PicardSolver { Damping = 0.5 } }.Solve(linear, ones(1, 1, ScalarType.Float64), [new(1e-8)]);
        Assert.True(damped.AllConverged);
    }

    [Fact]
    public void A_chain_of_solvers_serves_too()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("rotations by 60 degrees");
        using DenseOperator linear = new(matrices);
        FixedPointLinearSolver solver = new() { Solver = new SolverChain { Solvers = [new PicardSolver(), new BroydenSolver()] }, MaxSteps = 200 };
        using LinearSolution solution = solver.Solve(linear, right, [.. Enumerable.Repeat(new LinearTolerance(1e-8), 4)]);
        Assert.True(solution.AllConverged, solution.ToString());
    }

    [Theory]
    [MemberData(nameof(LinearSolverCases.All), MemberType = typeof(LinearSolverCases))]
    public void Newtons_method_steps_by_any_linear_solver(string name)
    {
        // The rows leave one by one, so that restrictions of the operator and of its transpose are met.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor weight = randn([12, 12], ScalarType.Float64) * 0.2;
        Tensor shift = randn([40, 12], ScalarType.Float64) * linspace(0, 3, 40, dtype: ScalarType.Float64).unsqueeze(1);
        using PerSampleMap any = new((u, q) => (u.mm(weight) + q).tanh(), shift);

        // The Jacobian W D W^T / 4 is symmetric, of norm below 1.
        using PerSampleMap symmetric = new((u, q) => (u.mm(weight / 2) + q).tanh().mm(weight.t() / 2), shift);
        PerSampleMap map = name == LinearSolverCases.ConjugateGradients ? symmetric : any;
        NewtonKrylovSolver solver = new() { LinearSolver = LinearSolverCases.Named(name) };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(shift), solver, new StoppingRule { AbsoluteTolerance = 1e-11, MaxSteps = 12 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
    }
}
