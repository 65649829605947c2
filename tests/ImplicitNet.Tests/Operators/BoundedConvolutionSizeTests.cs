using ImplicitNet.Operators;

namespace ImplicitNet.Tests.Operators;

public sealed class BoundedConvolutionSizeTests : TensorTest
{
    [Theory]
    [InlineData(60_000, 60_000, 3)]
    [InlineData(int.MaxValue, int.MaxValue, 1)]
    [InlineData(2_000, 2_000, 7)]
    public void An_image_size_whose_frequencies_would_take_gigabytes_is_refused_before_they_are_made(int height, int width, int kernel)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 1, kernel, (height, width))).Message;
        Assert.Contains($"{height} x {width} were given", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 1 << 20);
    }
}
