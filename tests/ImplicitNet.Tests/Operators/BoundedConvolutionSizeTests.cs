using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class BoundedConvolutionSizeTests : TensorTest
{
    [Theory]
    [InlineData(60_000, 60_000, 3)]
    [InlineData(int.MaxValue, int.MaxValue, 1)]
    [InlineData(2_000, 2_000, 7)]
    [InlineData((1 << 30) - 1, (1 << 30) - 1, 3)]
    public void An_image_size_whose_frequencies_would_take_gigabytes_is_refused_before_they_are_made(int height, int width, int kernel)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 1, kernel, (height, width))).Message;
        Assert.Contains($"{height} x {width} were given", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(33)]
    [InlineData(51)]
    [InlineData(20_001)]
    public void A_kernel_whose_bound_for_all_sizes_would_take_gigabytes_is_refused_and_served_for_one_size(int kernel)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedConvolution(1, 1, kernel)).Message;
        Assert.Contains($"at most 31; {kernel} was given", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 1 << 20);
        if (kernel < 100)
        {
            using DisposeScope scope = NewDisposeScope();
            using BoundedConvolution layer = new(1, 1, kernel, (12, 12));
            Tensor applied = layer.NormalizedWeight().detach().to(ScalarType.Float64);
            int torus = Math.Max(kernel, 12 + (kernel / 2));
            Assert.InRange(SpectralNorm.LargestSingularValue(new TorusFrequencies((torus, torus), kernel).Symbols(applied)), 0.5, 1);
            Assert.InRange(layer.CertifyNorm(), 0, 1);
        }
    }

    /// <summary>The first one has 370 numbers too many.</summary>
    [Fact]
    public void A_weight_of_more_than_2_to_the_29_numbers_is_refused_before_it_is_drawn()
    {
        (Func<BoundedLayer> Create, string Sizes)[] all =
        [
            (() => new BoundedLinear(23_171, 23_171), "23171 x 23171"),
            (() => new BoundedLinear(60_000, 60_000), "60000 x 60000"),
            (() => new BoundedLinear(int.MaxValue, 1), "1 x 2147483647"),
            (() => new BoundedLinear(3, long.MaxValue, ScalarType.Float64), "9223372036854775807 x 3"),
            (() => new BoundedLinear(1L << 32, 1L << 32), "4294967296 x 4294967296"),
            (() => new BoundedConvolution(7_800, 7_800), "7800 x 7800 x 3 x 3"),
            (() => new BoundedConvolution(51, 60_000, 51, (9, 9)), "60000 x 51 x 51 x 51"),
            (() => new BoundedConvolution(1, 1, int.MaxValue), "1 x 1 x 2147483647 x 2147483647"),
            (() => new BoundedConvolution(1, 1, int.MaxValue, (1, 1)), "1 x 1 x 2147483647 x 2147483647"),
        ];
        foreach ((Func<BoundedLayer> create, string sizes) in all)
        {
            long before = Environment.WorkingSet;
            string message = Assert.Throws<ArgumentException>(() => { create().Dispose(); }).Message;
            Assert.Equal($"The weight of a bounded layer has at most 536,870,912 numbers. Given: {sizes}. (Parameter 'shape')", message);
            Assert.InRange(Environment.WorkingSet - before, long.MinValue, 256 << 20);
        }
    }
}
