using ImplicitNet.Kernels;
using ImplicitNet.Kernels.Winograd;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> (W / b(W)) * x</c>: a zero-padded convolution of stride 1 that keeps the image size, with
/// <c>b(W)</c> at least the norm of the convolution OPERATOR (not of the reshaped kernel), so that its norm is at most 1.
/// </summary>
/// <remarks>
/// b is the largest singular value of the kernel's symbol over a grid of frequencies. That is rigorous, since zero padding is a compression
/// of a circular convolution, and since the values between the frequencies of a grid are bounded by those on it. Gradients pass through b,
/// at the frequency where it is attained. Preparing the weight costs about a millisecond for 32 channels on images of 9 x 9; once for each
/// solve in training, and once for all solves afterwards.
/// </remarks>
public sealed class BoundedConvolution : BoundedLayer
{
    // Numbers in the symbols of all frequencies: 2 GiB of them in float32.
    private const double LargestSymbols = 1 << 29;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly FrequencyGrid _grid;
    private readonly FusedConvolution _fused = new();
    private readonly TrainedConvolution _trained = new();
    private readonly long _padding;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernelSize">Side of the kernel: odd; at most 31 without an image size; default 3.</param>
    /// <param name="imageSize">
    /// (height, width) if all images have this one size: the bound is then tighter and cheaper. Default: a bound for all sizes.
    /// </param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the weight would have more than 2^29 numbers, the bound for such images would need too many, or the dtype is
    /// not supported.
    /// </exception>
    public BoundedConvolution(
        long inputs, long outputs, int kernelSize = 3, (int Height, int Width)? imageSize = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedConvolution))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        if (kernelSize < 1 || kernelSize % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelSize), kernelSize, "The kernel's side must be odd and at least 1.");
        }

        using Tensor data = Uninitialized([outputs, inputs, kernelSize, kernelSize], dtype);
        _padding = kernelSize / 2;
        _grid = imageSize is (int height, int width)
            ? FrequencyGrid.ForImages(height, width, kernelSize)
            : FrequencyGrid.ForAllSizes(kernelSize);
        if (imageSize is (int imageHeight, int imageWidth) && outputs * (double)inputs * imageHeight * imageWidth > LargestSymbols)
        {
            throw new ArgumentOutOfRangeException(
                nameof(imageSize),
                $"The bound for images of {imageHeight} x {imageWidth} takes {outputs} x {inputs} numbers a pixel, "
                    + FormattableString.Invariant($"{LargestSymbols:g2} at most. ")
                    + "Leave the size out: for large images the bound for all sizes is as good.");
        }

        ImageSize = imageSize;
        _weight = new Parameter(data);
        _weight.DetachFromDisposeScope();
        nn.init.kaiming_uniform_(_weight, Math.Sqrt(5));
        RegisterComponents();
    }

    /// <summary>The only image size (height, width) that the bound holds for; null when it holds for all.</summary>
    public (int Height, int Width)? ImageSize { get; }

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    protected override double ErrorSpread => (2 * _padding) + 1;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) =>
        (input.requires_grad ? null : _trained.TryApply(input, weight, null))
            ?? nn.functional.conv2d(input, weight, padding: [_padding, _padding]);

    /// <inheritdoc/>
    internal override Tensor? TryApply(Tensor input, Tensor weight, Tensor shift, double slope) =>
        _fused.TryApply(input, weight, shift, slope);

    /// <inheritdoc/>
    internal override SampleKernel? TryKernel(Tensor start, Tensor weight, Tensor shift, double slope) =>
        _fused.TryKernel(start, weight, shift, slope);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight) => _grid.UpperBound(weight);

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => _grid.Certify(weight);

    /// <inheritdoc/>
    protected override bool Fits(long[] shape, long width) =>
        shape.Length == 4 && shape[1] == width
        && (ImageSize is not (int height, int imageWidth) || (shape[2] == height && shape[3] == imageWidth));

    /// <inheritdoc/>
    protected override long[] OutputShape(long[] input) => [input[0], Outputs, input[2], input[3]];

    /// <inheritdoc/>
    protected override string Shape(long width) => ImageSize is (int height, int imageWidth)
        ? $"[batch, {width}, {height}, {imageWidth}] (its norm is bounded for images of {height} x {imageWidth})"
        : $"[batch, {width}, height, width]";
}
