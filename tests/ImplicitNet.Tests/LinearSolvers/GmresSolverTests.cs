using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

public sealed class GmresSolverTests : TensorTest
{
    private const int Size = 20;

    [Fact]
    public void The_defaults_are_pinned_and_bad_options_refused()
    {
        Assert.Equal(30, new GmresSolver().Restart);
        Assert.Equal(90, new GmresSolver().MaxProducts);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GmresSolver { Restart = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GmresSolver { MaxProducts = 0 });
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(eye(2).unsqueeze(0));
        Assert.Throws<ArgumentException>(() => new GmresSolver().Solve(linear, ones(2), Same(1, 0.1)));
        Assert.Throws<ArgumentException>(() => new GmresSolver().Solve(linear, ones(1, 2), Same(2, 0.1)));
        Assert.Throws<ArgumentException>(() => new GmresSolver().Solve(linear, ones(1, 2), Same(1, double.NaN)));
        Assert.Throws<ArgumentException>(() => new GmresSolver().Solve(linear, ones([1, 2], ScalarType.Float16), Same(1, 0.1)));
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-10, 30)]
    [InlineData(ScalarType.Float64, 1e-10, 6)]
    [InlineData(ScalarType.Float32, 1e-4, 30)]
    public void It_solves_what_elimination_solves_with_or_without_restarts(ScalarType dtype, double tolerance, int restart)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(16, dtype);
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new GmresSolver { Restart = restart, MaxProducts = 200 }.Solve(linear, right, Same(16, tolerance));
        Assert.All(solution.Samples, sample => Assert.Equal(LinearStatus.Converged, sample.Status));
        Assert.All(solution.Samples, sample => Assert.InRange(sample.RelativeResidual, 0, tolerance));
        Tensor expected = linalg.solve(matrices, right.unsqueeze(2)).squeeze(2);
        Assert.True((solution.Vectors - expected).abs().max().ToDouble() < 20 * tolerance);
    }

    [Fact]
    public void A_sample_ends_by_itself_is_no_longer_paid_for_and_is_what_it_is_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(32, ScalarType.Float64);
        LinearTolerance[] tolerances = [.. Enumerable.Range(0, 32).Select(i => new LinearTolerance(i < 24 ? 0.3 : 1e-10))];
        long paid = 0;
        using DenseOperator linear = new(matrices, rows => paid += rows);
        using LinearSolution together = new GmresSolver().Solve(linear, right, tolerances);
        int most = together.Samples.Max(sample => sample.Products);
        Assert.True(together.Samples.Take(24).Max(sample => sample.Products) < most / 2);
        Assert.InRange(paid, together.Samples.Sum(sample => sample.Products), 32 * most * 2 / 3);
        foreach (int i in new[] { 0, 11, 23, 24, 31 })
        {
            using DenseOperator own = new(matrices.narrow(0, i, 1));
            using LinearSolution alone = new GmresSolver().Solve(own, right.narrow(0, i, 1), [tolerances[i]]);
            Assert.Equal(together.Samples[i].Products, alone.Samples[0].Products);
            Assert.True((together.Vectors[i] - alone.Vectors[0]).abs().max().ToDouble() < 1e-12);
        }
    }

    [Fact]
    public void The_residual_it_reports_is_the_true_one_where_the_basis_is_nearly_dependent()
    {
        // Singular values from 1 to 1e-10: with one pass of Gram-Schmidt the basis is no longer orthogonal, and the residual
        // stays near 1e-7 whatever the recurrence says.
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        (Tensor left, _) = linalg.qr(randn([60, 60], ScalarType.Float64));
        (Tensor right, _) = linalg.qr(randn([60, 60], ScalarType.Float64));
        Tensor matrix = left.mm(diag(logspace(0, -10, 60, dtype: ScalarType.Float64))).mm(right.t());
        Tensor rightSide = matrix.mm(randn([60, 1], ScalarType.Float64)).t();
        using DenseOperator linear = new(matrix.unsqueeze(0));
        using LinearSolution solution = new GmresSolver { Restart = 60, MaxProducts = 60 }.Solve(linear, rightSide, Same(1, 1e-9));
        double residual = (linear.Apply(solution.Vectors) - rightSide).norm().ToDouble() / rightSide.norm().ToDouble();
        Assert.Equal(LinearStatus.Converged, solution.Samples[0].Status);
        Assert.InRange(residual, 0, 1e-9);
    }

    [Fact]
    public void A_tolerance_below_the_dtype_is_not_called_met()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(4, ScalarType.Float32);
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new GmresSolver().Solve(linear, right, Same(4, 1e-12));
        Assert.All(solution.Samples, sample => Assert.NotEqual(LinearStatus.Converged, sample.Status));
        Assert.True((linear.Apply(solution.Vectors) - right).abs().max().ToDouble() < 1e-5);
    }

    [Fact]
    public void A_product_that_overflows_ends_its_sample_with_what_it_had()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(2, ScalarType.Float64);
        using DenseOperator linear = new(matrices, failsAt: 4);
        using LinearSolution solution = new GmresSolver().Solve(linear, right, Same(2, 1e-8));
        Assert.Equal((LinearStatus.NonFinite, 4), (solution.Samples[0].Status, solution.Samples[0].Products));
        Assert.Equal(LinearStatus.Converged, solution.Samples[1].Status);
        using DenseOperator sound = new(matrices.clone());
        double left = (sound.Apply(solution.Vectors) - right)[0].norm().ToDouble() / right[0].norm().ToDouble();
        Assert.InRange(left, 0, 0.5);
        Assert.Equal(left, solution.Samples[0].RelativeResidual, 1e-9);
    }

    [Fact]
    public void A_rotation_takes_all_its_dimensions_and_ends_by_happy_breakdown()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor shift = eye(8, dtype: ScalarType.Float64).roll(1, 0).unsqueeze(0);
        Tensor right = zeros([1, 8], ScalarType.Float64);
        right[0, 0] = 1;
        using DenseOperator linear = new(shift);
        using LinearSolution solution = new GmresSolver().Solve(linear, right, Same(1, 1e-12));
        Assert.Equal((LinearStatus.Converged, 8), (solution.Samples[0].Status, solution.Samples[0].Products));
        Assert.True((linear.Apply(solution.Vectors) - right).abs().max().ToDouble() < 1e-14);
    }

    [Fact]
    public void A_singular_a_zero_and_a_nan_sample_are_told_apart_and_change_no_other()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(6, ScalarType.Float64);
        using DenseOperator clean = new(matrices.narrow(0, 3, 3).clone());
        using LinearSolution rest = new GmresSolver().Solve(clean, right.narrow(0, 3, 3), Same(3, 1e-8));
        matrices[0] = diag(cat([zeros([1], ScalarType.Float64), ones([Size - 1], ScalarType.Float64)]));
        right[1] = 0;
        matrices[2, 4, 4] = double.NaN;
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new GmresSolver().Solve(linear, right, Same(6, 1e-8));
        Assert.Equal(LinearStatus.Breakdown, solution.Samples[0].Status);
        Assert.Equal(new LinearSampleReport(LinearStatus.Converged, 0, 0), solution.Samples[1]);
        Assert.Equal(LinearStatus.NonFinite, solution.Samples[2].Status);
        Assert.True(solution.Vectors.isfinite().all().ToBoolean());
        Assert.Equal(rest.Samples, solution.Samples.Skip(3));
        Assert.True((solution.Vectors.narrow(0, 3, 3) - rest.Vectors).abs().max().ToDouble() < 1e-13);

        // What can be explained of the singular system is: all but the first element.
        Assert.True((linear.Apply(solution.Vectors)[0] - right[0]).slice(0, 1, Size, 1).abs().max().ToDouble() < 1e-12);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Of_a_system_without_a_solution_it_leaves_nearly_the_least_that_can_be_left(ScalarType dtype)
    {
        // On the way the small problem becomes singular, and its solution, over all columns, so long that it is worth nothing.
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("singular, inconsistent", dtype);
        using DenseOperator linear = new(matrices);
        LinearTolerance[] tolerances = Same(4, dtype == ScalarType.Float64 ? 1e-9 : 1e-4);
        using LinearSolution solution = new GmresSolver().Solve(linear, right, tolerances);
        using LinearSolution least = new CgnrSolver().Solve(linear, right, tolerances);
        Assert.All(solution.Samples.Zip(least.Samples), pair => Assert.InRange(pair.First.RelativeResidual, 0, 1.01 * pair.Second.RelativeResidual));
    }

    [Fact]
    public void Restarts_that_hardly_lower_the_residual_are_not_repeated_to_the_limit()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("condition 1e8");
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new GmresSolver { Restart = 6, MaxProducts = 1000 }.Solve(linear, right, Same(4, 1e-9));
        Assert.All(solution.Samples, sample => Assert.Equal(LinearStatus.Stalled, sample.Status));
        Assert.All(solution.Samples, sample => Assert.InRange(sample.Products, 14, 200));
    }

    [Fact]
    public void A_tolerance_below_the_dtype_takes_a_cycle_or_two_more_and_no_further()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("I - J, norm 0.5", ScalarType.Float32);
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new GmresSolver { MaxProducts = 1000 }.Solve(linear, right, Same(8, 1e-12));
        Assert.All(solution.Samples, sample => Assert.Equal(LinearStatus.Stalled, sample.Status));
        Assert.All(solution.Samples, sample => Assert.InRange(sample.Products, 10, 45));
    }

    [Fact]
    public void The_limit_of_products_is_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = Systems(3, ScalarType.Float64);
        long paid = 0;
        using DenseOperator linear = new(matrices, rows => paid += rows);
        using LinearSolution solution = new GmresSolver { Restart = 4, MaxProducts = 10 }.Solve(linear, right, Same(3, 1e-14));

        // Four, a residual and four; a residual and no direction would be wasted.
        Assert.Equal(27, paid);
        Assert.All(solution.Samples, sample => Assert.Equal((LinearStatus.MaxProductsReached, 9), (sample.Status, sample.Products)));
    }

    /// <summary>Matrices I - 0.5 G / sqrt(n), G Gaussian: eigenvalues in a disc about 1.</summary>
    private static (Tensor Matrices, Tensor Right) Systems(int count, ScalarType dtype)
    {
        random.manual_seed(4);
        Tensor matrices = eye(Size, dtype: dtype) - randn([count, Size, Size], dtype) * (0.5 / Math.Sqrt(Size));
        return (matrices, randn([count, Size], dtype));
    }

    private static LinearTolerance[] Same(int count, double tolerance) => [.. Enumerable.Repeat(new LinearTolerance(tolerance), count)];
}
