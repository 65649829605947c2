using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

/// <summary>What a dtype can resolve, against what the native library says of it, and what follows from that.</summary>
public sealed class PrecisionTests : TensorTest
{
    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Every_number_follows_from_the_spacing_of_the_dtype(ScalarType dtype)
    {
        Precision precision = Precision.Of(dtype);
        double epsilon = finfo(dtype).eps;
        ScalarType working = dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Assert.Equal((working, epsilon), (precision.Working, precision.Epsilon));
        Assert.Equal((epsilon / 2, 256 * epsilon, Math.Sqrt(epsilon)), (precision.Roundoff, precision.SameValue, precision.DifferenceStep));
        Assert.Equal(8 * finfo(working).eps, precision.LeastResidual);
        Assert.Equal(Math.Max(working == ScalarType.Float64 ? 1e-14 : 1e-6, 8 * epsilon), precision.Noise);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void What_underflows_changes_by_no_more_than_is_said(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        double least = Precision.Of(dtype).Underflow;
        Assert.Equal(least == 0, Rounded(1e-30, dtype) > 0);
        Assert.Equal(0, Rounded(least, dtype));
        Assert.True(least == 0 || Rounded(1.01 * least, dtype) > 0);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Norms_of_the_range_have_squares_that_keep_their_digits(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        Precision precision = Precision.Of(dtype);
        foreach (double norm in new[] { precision.SquareRange.Least, precision.SquareRange.Most })
        {
            double square = tensor(norm, dtype).square().ToDouble();
            Assert.Equal(1, square / (norm * norm), 4 * precision.Epsilon);
        }

        Assert.True(double.IsNormal(tensor(Math.ScaleB(1, -precision.LargestExponent), dtype).reciprocal().ToDouble()));
    }

    private static double Rounded(double value, ScalarType dtype) =>
        tensor(value, ScalarType.Float64).to(dtype).to(ScalarType.Float64).ToDouble();
}
