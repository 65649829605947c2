using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class SpectralNormTests : TensorTest
{
    [Theory]
    [InlineData(30, 6, 6, 1)]
    [InlineData(30, 3, 7, 2)]
    [InlineData(30, 7, 3, 3)]
    [InlineData(1, 5, 5, 4)]
    [InlineData(20, 1, 1, 5)]
    public void The_bound_of_the_matrix_found_bounds_them_all_and_is_the_largest(int count, int rows, int columns, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(seed);
        foreach (double decay in new[] { 0, 0.5, 3 })
        {
            // Singular values that fall fast leave one candidate early; slow ones keep several to the end.
            Tensor matrices = Complex(count, rows, columns) * (arange(columns, ScalarType.Float64) * -decay).exp();
            double[] bounds = [.. Enumerable.Range(0, count).Select(i => Bound(matrices, i))];
            double norm = SpectralNorm.LargestSingularValue(matrices);
            double found = Bound(matrices, SpectralNorm.Largest(matrices).Index);
            Assert.Equal(bounds.Max(), found, 1e-12 * found);
            Assert.InRange(found / norm, 1 - 1e-12, Math.Pow(Math.Min(rows, columns), 1.0 / 256) + 1e-12);
        }
    }

    [Fact]
    public void Equal_matrices_and_equal_singular_values_are_no_trouble()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor identity = eye(8, dtype: ScalarType.Float32);
        Tensor matrices = stack([identity * 0.5, identity, identity, identity * 0.99]);
        (int index, double estimate) = SpectralNorm.Largest(matrices);
        Assert.InRange(index, 1, 2);
        Assert.InRange(estimate, 1 - 1e-6, 1.3);
    }

    [Fact]
    public void A_narrow_lead_is_not_lost()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);

        // The Frobenius norm of the first is four times that of the second, whose norm is larger by a fiftieth.
        Tensor flat = linalg.qr(randn(16, 16, ScalarType.Float64)).Q;
        Tensor peaked = zeros(16, 16, ScalarType.Float64);
        peaked[3, 5] = 1.02;
        Assert.Equal(1, SpectralNorm.Largest(stack([flat, peaked])).Index);
    }

    [Fact]
    public void The_bound_depends_on_the_estimate_by_rounding_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        Tensor matrix = randn(32, 32);
        double estimate = SpectralNorm.Largest(matrix.unsqueeze(0)).Estimate;
        double bound = SpectralNorm.UpperBound(matrix, estimate).ToDouble();
        foreach (double factor in new[] { 0.9, 1.1 })
        {
            Assert.Equal(bound, SpectralNorm.UpperBound(matrix, factor * estimate).ToDouble(), 2e-6 * bound);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_not_finite_is_not_bounded(double element)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrices = ones(3, 4, 4);
        matrices[1, 2, 2] = element;
        (int index, double estimate) = SpectralNorm.Largest(matrices);
        Assert.Equal(double.NaN, estimate);
        Assert.Equal(double.NaN, SpectralNorm.UpperBound(matrices[index], estimate).ToDouble());
    }

    [Fact]
    public void A_zero_weight_has_a_gradient_of_zero_and_not_NaN()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = zeros(4, 4).requires_grad_();
        SpectralNorm.UpperBound(matrix, SpectralNorm.Largest(matrix.unsqueeze(0)).Estimate).sum().backward();
        Assert.Equal(0, matrix.grad!.abs().max().ToDouble());
    }

    private static double Bound(Tensor matrices, int index)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = matrices[index];
        return SpectralNorm.UpperBound(matrix, SpectralNorm.Largest(matrix.unsqueeze(0)).Estimate).ToDouble();
    }

    private static Tensor Complex(params long[] shape) => complex(randn(shape, ScalarType.Float64), randn(shape, ScalarType.Float64));
}
