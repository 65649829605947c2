using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Strided convolutions, and transposed ones, which are their adjoints.</summary>
public sealed class BoundedStridedConvolutionTests : TensorTest
{
    public static TheoryData<int, int, int, int> Cases => new()
    {
        { 3, 2, 6, 8 }, { 3, 2, 7, 5 }, { 5, 2, 6, 6 }, { 3, 3, 7, 9 }, { 1, 2, 4, 4 }, { 7, 4, 9, 6 }, { 3, 1, 5, 6 }, { 3, 2, 1, 1 }, { 5, 8, 9, 9 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_certificate_bounds_the_true_norm_of_both_and_is_of_use(int kernel, int stride, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(kernel + height);
        foreach ((int, int)? size in new (int, int)?[] { (height, width), null })
        {
            using BoundedStridedConvolution down = new(2, 3, kernel, stride, size, ScalarType.Float64);
            AssertBounded(down, [2, height, width]);
            if (size is not null || (height % stride == 0 && width % stride == 0))
            {
                using BoundedTransposedConvolution up = new(3, 2, kernel, stride, size, ScalarType.Float64);
                AssertBounded(up, [3, (height + stride - 1) / stride, (width + stride - 1) / stride]);
            }
        }

        void AssertBounded(BoundedLayer layer, long[] sample)
        {
            long count = sample.Aggregate(1L, (product, side) => product * side);
            Tensor columns = layer.call(eye(count, dtype: ScalarType.Float64).reshape([count, .. sample])).detach();
            double norm = linalg.svdvals(columns.reshape(count, -1)).max().ToDouble();
            double certified = layer.CertifyNorm();
            Assert.InRange(norm, 0, certified);
            Assert.InRange(certified, 0, 1);

            // A kernel that is wider than the image is mostly zeros' work; else the torus costs some tens of percent.
            Assert.InRange(certified / norm, 1, kernel / 2 * 2 >= Math.Min(height, width) ? 4 : 1.6);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_transposed_one_is_the_adjoint_of_the_strided_one_and_both_have_one_bound(int kernel, int stride, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(kernel);
        using BoundedStridedConvolution down = new(2, 3, kernel, stride, (height, width), ScalarType.Float64);
        using BoundedTransposedConvolution up = new(3, 2, kernel, stride, (height, width), ScalarType.Float64);
        using (no_grad())
        {
            up.Weight.copy_(down.Weight);
        }

        Tensor x = randn([2, 2, height, width], ScalarType.Float64);
        Tensor below = down.call(x);
        Tensor y = randn(below.shape, ScalarType.Float64);
        Tensor above = up.call(y);
        Assert.Equal(x.shape, above.shape);
        Assert.Equal((below * y).sum().ToDouble(), (x * above).sum().ToDouble(), 1e-12);
        Assert.Equal(down.CertifyNorm(), up.CertifyNorm(), 1e-12);
        Tensor expected = nn.functional.conv2d(x, down.NormalizedWeight(), strides: [stride, stride], padding: [kernel / 2, kernel / 2]);
        Assert.True((below - expected).abs().max().ToDouble() < 1e-15);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void On_blocks_it_is_a_convolution_of_stride_one(int kernel, int stride, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = randn([3, 2, kernel, kernel], ScalarType.Float64);
        (int blocksDown, int blocksAcross) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        Tensor image = zeros([1, 2, blocksDown * stride, blocksAcross * stride], ScalarType.Float64);
        image[.., .., ..height, ..width] = randn([1, 2, height, width], ScalarType.Float64);
        Tensor strided = nn.functional.conv2d(
            image[.., .., ..height, ..width], weight, strides: [stride, stride], padding: [kernel / 2, kernel / 2]);
        Tensor blocks = nn.functional.pixel_unshuffle(image, stride);
        int side = Polyphase.Side(kernel, stride);
        Tensor onBlocks = nn.functional.conv2d(blocks, Polyphase.Kernel(weight, stride), padding: [side / 2, side / 2]);
        Assert.Equal(strided.shape, onBlocks.shape);
        Assert.True((strided - onBlocks).abs().max().ToDouble() < 1e-13);
    }

    [Fact]
    public void At_stride_one_it_has_the_bound_of_the_other_and_at_a_larger_one_never_more()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        using BoundedConvolution plain = new(3, 3, 3, (8, 8), ScalarType.Float64);
        double before = double.PositiveInfinity;
        foreach (int stride in new[] { 1, 2, 4 })
        {
            using BoundedStridedConvolution strided = new(3, 3, 3, stride, (8, 8), ScalarType.Float64);
            using (no_grad())
            {
                strided.Weight.copy_(plain.Weight * 10);
            }

            double bound = (strided.Weight.detach() / strided.NormalizedWeight()).mean().ToDouble();
            Assert.True(bound <= before * (1 + 1e-9));
            Assert.True(stride > 1 || Math.Abs((plain.Weight.detach() * 10 / plain.NormalizedWeight()).mean().ToDouble() - (bound * 1)) < 1e-8 * bound);
            before = bound;
        }

        // Of a kernel that does not change from pixel to pixel, every second pixel has half the length.
        using BoundedStridedConvolution middle = new(1, 1, 1, 2, (8, 8), ScalarType.Float64);
        Assert.Equal(1, middle.CertifyNorm(), 1e-4);
    }

    [Fact]
    public void What_they_cannot_be_and_cannot_take_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedStridedConvolution(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedTransposedConvolution(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("kernelSize", () => new BoundedStridedConvolution(1, 1, 2));
        Assert.Throws<ArgumentOutOfRangeException>("stride", () => new BoundedStridedConvolution(1, 1, 3, 0));
        Assert.Throws<ArgumentOutOfRangeException>("stride", () => new BoundedTransposedConvolution(1, 1, 3, 9));
        Assert.Throws<ArgumentOutOfRangeException>("imageSize", () => new BoundedStridedConvolution(1, 1, 3, 2, (0, 4)));
        Assert.Throws<ArgumentOutOfRangeException>("imageSize", () => new BoundedTransposedConvolution(1000, 1000, 3, 2, (30, 30)));
        using BoundedStridedConvolution down = new(2, 2, 3, 2, (9, 8));
        Assert.Contains("9, 8", Assert.Throws<ArgumentException>(() => down.call(zeros(1, 2, 8, 8))).Message, StringComparison.Ordinal);
        using BoundedTransposedConvolution up = new(2, 2, 3, 2, (9, 8));
        Assert.Equal([1, 2, 9, 8], up.call(zeros(1, 2, 5, 4)).shape);
        Assert.Contains("5, 4", Assert.Throws<ArgumentException>(() => up.call(zeros(1, 2, 4, 4))).Message, StringComparison.Ordinal);

        // Alone it maps no latents to latents.
        using ContractionOperator alone = new(new BoundedStridedConvolution(2, 2), 0.9);
        string message = Assert.Throws<ArgumentException>("q", () => alone.Bind(zeros(1, 2, 2, 2))).Message;
        Assert.Contains("Of [1, 2, 2, 2] it makes [1, 2, 1, 1]", message, StringComparison.Ordinal);
    }
}
