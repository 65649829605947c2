using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Monotone;

public sealed class CircularOperatorTests : TensorTest
{
    // Odd and even sides, and images above and below the size from which the fast transform takes over.
    [Theory]
    [InlineData(5, 6, ScalarType.Float64)]
    [InlineData(9, 9, ScalarType.Float32)]
    [InlineData(8, 8, ScalarType.Float64)]
    [InlineData(32, 32, ScalarType.Float32)]
    [InlineData(33, 34, ScalarType.Float64)]
    [InlineData(40, 31, ScalarType.Float64)]
    [InlineData(31, 40, ScalarType.Float32)]
    public void It_is_the_convolution_its_transpose_and_their_resolvents(int height, int width, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(41);
        using MonotoneConvolution layer = new(3, (height, width), monotonicity: 0.5, dtype: dtype);
        IReadOnlyList<Tensor> prepared = layer.Prepare();
        Tensor images = randn(4, 3, height, width, dtype: dtype);
        Tensor channelsLast = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        double rounding = dtype == ScalarType.Float64 ? 1e-12 : 1e-4;
        using PreparedOperator product = layer.CreateProduct(prepared)!;
        using PreparedOperator resolvent = layer.CreateResolvent(prepared, 0.7);
        foreach (bool isTransposed in (bool[])[false, true])
        {
            Tensor expected = layer.Product(images, prepared, isTransposed);
            Assert.InRange((product.Apply(images, isTransposed) - expected).abs().max().ToDouble(), 0, rounding);
            Assert.InRange((product.Apply(channelsLast, isTransposed) - expected).abs().max().ToDouble(), 0, rounding);
            Tensor point = images + ((images - expected) * 0.7);
            Assert.InRange((resolvent.Apply(point, isTransposed) - images).abs().max().ToDouble(), 0, rounding);
        }
    }
}
