using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

public sealed class CgnrSolverTests : TensorTest
{
    [Fact]
    public void The_default_is_pinned_and_bad_options_refused()
    {
        Assert.Equal(200, new CgnrSolver().MaxProducts);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CgnrSolver { MaxProducts = 2 });
    }

    [Fact]
    public void An_orthogonal_operator_takes_one_step_and_the_product_that_measures()
    {
        using DisposeScope scope = NewDisposeScope();
        using DenseOperator linear = new(eye(8, dtype: ScalarType.Float64).roll(1, 0).unsqueeze(0));
        using LinearSolution solution = new CgnrSolver().Solve(linear, arange(8, ScalarType.Float64).unsqueeze(0), [new(1e-12)]);
        Assert.Equal((LinearStatus.Converged, 3), (solution.Samples[0].Status, solution.Samples[0].Products));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 0], solution.Vectors.data<double>().Select(value => Math.Round(value, 12)));
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-8)]
    [InlineData(ScalarType.Float32, 1e-4)]
    public void Of_a_system_without_a_solution_it_finds_the_least_squares(ScalarType dtype, double accuracy)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrices, Tensor right) = LinearProblemCases.Named("singular, inconsistent", dtype);
        using DenseOperator linear = new(matrices);
        using LinearSolution solution = new CgnrSolver().Solve(linear, right, [.. Enumerable.Repeat(new LinearTolerance(1e-6), 4)]);
        Tensor least = bmm(linalg.pinv(matrices.to(ScalarType.Float64), rtol: 1e-4), right.to(ScalarType.Float64).unsqueeze(2)).squeeze(2);
        Assert.All(solution.Samples, sample => Assert.Equal(LinearStatus.Breakdown, sample.Status));
        Assert.True((solution.Vectors - least).abs().max().ToDouble() < accuracy);
        Assert.All(solution.Samples, sample => Assert.InRange(sample.Products, 3, 90));
    }

    [Fact]
    public void An_operator_without_a_transpose_is_refused_and_nothing_is_left()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (u * 0.5).tanh() + 1);
        NewtonKrylovSolver solver = new() { LinearSolver = new CgnrSolver(), Product = new FiniteDifferenceProduct() };
        long before = Live;
        Tensor start = zeros(2, 3, ScalarType.Float64);
        NotSupportedException refused = Assert.Throws<NotSupportedException>(() => FixedPoint.Solve(map, start, solver));
        Assert.Contains(nameof(DoubleBackwardProduct), refused.Message, StringComparison.Ordinal);
        start.Dispose();
        Assert.Equal(before, Live);
    }
}
