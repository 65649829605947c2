using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

public sealed class BicgstabSolverTests : TensorTest
{
    [Fact]
    public void The_default_is_pinned_and_bad_options_refused()
    {
        Assert.Equal(100, new BicgstabSolver().MaxProducts);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BicgstabSolver { MaxProducts = 1 });
    }

    [Fact]
    public void A_multiple_of_the_identity_takes_half_a_step_and_the_product_that_measures()
    {
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(eye(4, dtype: ScalarType.Float64).unsqueeze(0) * 3);
        using LinearSolution solution = new BicgstabSolver().Solve(linear, ones(1, 4, ScalarType.Float64), [new(1e-12)]);
        Assert.Equal((LinearStatus.Converged, 2), (solution.Samples[0].Status, solution.Samples[0].Products));
        Assert.Equal(1 / 3.0, solution.Vectors[0, 2].ToDouble(), 1e-15);
    }

    [Fact]
    public void A_quarter_turn_is_solved_though_its_residual_is_orthogonal_to_every_product()
    {
        // r' A r = 0 and s' A s = 0 for every vector: the plain method divides by both.
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(tensor(new double[,,] { { { 0, -1 }, { 1, 0 } } }));
        using LinearSolution solution = new BicgstabSolver().Solve(linear, tensor(new double[,] { { 3, 4 } }), [new(1e-12)]);
        Assert.Equal(LinearStatus.Converged, solution.Samples[0].Status);
        Assert.InRange(solution.Samples[0].Products, 2, 6);
        Assert.Equal([4, -3], solution.Vectors.data<double>().Select(value => Math.Round(value, 12)));
    }

    [Fact]
    public void A_breakdown_that_no_new_start_helps_says_so_with_the_best_so_far()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor shift = eye(8, dtype: ScalarType.Float64).roll(1, 0).unsqueeze(0);
        using DenseOperator linear = new(shift);
        using LinearSolution solution = new BicgstabSolver().Solve(linear, eye(1, 8, dtype: ScalarType.Float64), [new(1e-9)]);
        Assert.Equal(LinearStatus.Breakdown, solution.Samples[0].Status);
        Assert.Equal(1, solution.Samples[0].RelativeResidual, 1e-12);
    }

    [Fact]
    public void A_breakdown_on_the_way_begins_again_and_converges()
    {
        // r after the first step is orthogonal to r before it, which is the shadow: found by search over small integers.
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = tensor(new double[,,] { { { -1, -1, -1 }, { -1, 0, 2 }, { -1, -1, 1 } } });
        using DenseOperator linear = new(matrix);
        using LinearSolution solution = new BicgstabSolver().Solve(linear, tensor(new double[,] { { 1, 0, 1 } }), [new(1e-10)]);
        Assert.Equal(LinearStatus.Converged, solution.Samples[0].Status);
    }

    [Fact]
    public void The_best_of_a_residual_that_rises_again_is_returned()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("condition 1e8");
        using DenseOperator linear = new(matrices);
        double before = 1;
        for (int limit = 4; limit < 60; limit++)
        {
            using LinearSolution solution = new BicgstabSolver { MaxProducts = limit }.Solve(linear, right.narrow(0, 0, 1).expand(4, -1), [new(1e-12), new(1e-12), new(1e-12), new(1e-12)]);
            Assert.InRange(solution.Samples[0].RelativeResidual, 0, before * (1 + 1e-6));
            before = solution.Samples[0].RelativeResidual;
        }

        Assert.InRange(before, 0, 0.1);
    }
}
