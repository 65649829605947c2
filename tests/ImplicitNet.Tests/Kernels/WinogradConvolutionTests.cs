using ImplicitNet.Kernels.Winograd;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Kernels;

/// <summary>Against torch's convolution in float64. On processors without AVX2 .NET computes the same vectors by other means.</summary>
public sealed class WinogradConvolutionTests : TensorTest
{
    private const float Slope = 0.1f;

    // Of the norm of a sample. Over all cases 5.5e-7 in the median and 1.4e-6 at most, for one tile of 64 channels; torch's own 2.1e-7 and 4.3e-7.
    private const double Rounding = 2e-6;

    public static MatrixTheoryData<(int Height, int Width), (int Inputs, int Outputs), int> Cases =>
        new([(1, 1), (2, 3), (3, 3), (4, 7), (8, 8), (9, 9), (28, 28), (40, 13)], [(8, 16), (16, 32), (32, 32), (64, 64)], [1, 2, 11]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_gives_the_convolution_but_for_rounding((int Height, int Width) size, (int Inputs, int Outputs) channels, int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor images = randn(batch, channels.Inputs, size.Height, size.Width);
        Tensor shift = randn(batch, channels.Outputs, size.Height, size.Width);
        Tensor weight = randn(channels.Outputs, channels.Inputs, 3, 3);
        Tensor expected = Exact(images, weight, shift);
        Tensor difference = (Apply(images, weight, shift).to(ScalarType.Float64) - expected).reshape(batch, -1);
        Tensor relative = linalg.vector_norm(difference, 2, [1]) / linalg.vector_norm(expected.reshape(batch, -1), 2, [1]);
        Assert.InRange(relative.max().ToDouble(), 0, Rounding);
    }

    [Fact]
    public void A_sample_is_the_same_alone_and_in_any_batch_bit_by_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        (Tensor images, Tensor shift, Tensor weight) = (randn(9, 32, 9, 9), randn(9, 32, 9, 9), randn(32, 32, 3, 3));
        Tensor together = Apply(images, weight, shift);
        for (int sample = 0; sample < 9; sample++)
        {
            Tensor alone = Apply(images.narrow(0, sample, 1), weight, shift.narrow(0, sample, 1));
            Assert.True(alone.equal(together.narrow(0, sample, 1)).all().ToBoolean());
        }
    }

    [Fact]
    public void A_sample_that_is_not_finite_changes_no_other()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        (Tensor images, Tensor shift, Tensor weight) = (randn(6, 32, 9, 9), randn(6, 32, 9, 9), randn(32, 32, 3, 3));
        Tensor clean = Apply(images, weight, shift);
        images[2, 7, 4, 4] = float.NaN;
        images[3] = float.PositiveInfinity;
        Tensor spoilt = Apply(images, weight, shift);
        Assert.False(spoilt[2].isfinite().all().ToBoolean() || spoilt[3].isfinite().all().ToBoolean());
        foreach (int sample in (int[])[0, 1, 4, 5])
        {
            Assert.True(spoilt[sample].equal(clean[sample]).all().ToBoolean());
        }

        // Nor one that comes after it into the same memory.
        images[2] = 1;
        images[3] = 1;
        Assert.True(Apply(images, weight, shift).isfinite().all().ToBoolean());
    }

    [Fact]
    public void Weights_that_it_is_not_for_do_not_fit()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(WinogradConvolution.Fits(zeros(16, 8, 3, 3)));
        Assert.True(WinogradConvolution.Fits(zeros(32, 3, 3, 32).permute(0, 3, 1, 2)));
        Tensor[] others =
        [
            zeros(16, 8, 5, 5), zeros(16, 8, 3, 1), zeros(16, 8, 3, 3, ScalarType.Float64), zeros(8, 8, 3, 3), zeros(16, 12, 3, 3), zeros(16, 8), zeros(0, 8, 3, 3), zeros(16, 0, 3, 3),
        ];
        Assert.All(others, weight => Assert.False(WinogradConvolution.Fits(weight)));
    }

    [Fact]
    public void Sizes_that_take_turns_find_no_rest_of_each_other()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        (long Channels, long Height, long Width)[] sizes = [(16, 9, 9), (32, 4, 7), (16, 12, 5), (16, 5, 12), (32, 9, 9), (64, 2, 2)];
        Tensor[] images = [.. sizes.Select(size => randn(3, size.Channels, size.Height, size.Width))];
        Tensor[] weights = [.. sizes.Select(size => randn(size.Channels, size.Channels, 3, 3))];
        Tensor[] first = [.. images.Zip(weights, (image, weight) => Apply(image, weight, image))];
        foreach (int place in (int[])[3, 0, 5, 1, 4, 2, 0, 5, 3])
        {
            Assert.True(Apply(images[place], weights[place], images[place]).equal(first[place]).all().ToBoolean());
            Assert.InRange(((first[place].to(ScalarType.Float64) - Exact(images[place], weights[place], images[place])).norm() / first[place].norm()).ToDouble(), 0, Rounding);
        }
    }

    [Fact]
    public void A_weight_lies_in_memory_as_it_likes()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        (Tensor images, Tensor shift, Tensor weight) = (randn(2, 16, 5, 5), randn(2, 16, 5, 5), randn(16, 16, 3, 3));
        Tensor channelsLast = weight.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Assert.True(Apply(images, channelsLast, shift).equal(Apply(images, weight, shift)).all().ToBoolean());
    }

    private static Tensor Apply(Tensor images, Tensor weight, Tensor shift)
    {
        WinogradConvolution convolution = WinogradConvolution.Of(weight);
        (Tensor result, ImageRows output) = ImageRows.Empty(shift.shape);
        (Tensor held, Tensor heldShift) = (ChannelsLast(images), ChannelsLast(shift));
        (ImageRows input, ImageRows shifts) = (ImageRows.Of(held), ImageRows.Of(heldShift));
        input.ForEach(WinogradStrip.SamplesAtOnce(input.Size), (first, count) => convolution.Apply(
            input.Samples(first, count), output.Samples(first, count), input.Size, new ShiftedActivation(shifts.Samples(first, count), Slope)));
        return result;
    }

    private static Tensor ChannelsLast(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private static Tensor Exact(Tensor images, Tensor weight, Tensor shift)
    {
        Tensor convolved = nn.functional.conv2d(images.to(ScalarType.Float64), weight.to(ScalarType.Float64), padding: [1, 1]);
        return nn.functional.leaky_relu(convolved + shift.to(ScalarType.Float64), Slope);
    }
}
