using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The adjoint of a zero-padded convolution of stride s, which makes images larger, h x w to s h x s w, divided by b(W), at least its norm,
/// so that its norm is at most 1.
/// </summary>
/// <remarks>
/// It has the norm of the <see cref="BoundedStridedConvolution"/> with the same weight. Where the size of the larger images is given, it
/// may be one of which s is no divisor, and the smaller ones are ceil(h / s) x ceil(w / s).
/// </remarks>
public sealed class BoundedTransposedConvolution : BoundedLayer
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly StridedBound _bound;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.ConvTranspose2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Channels in, of the smaller images; at least 1.</param>
    /// <param name="outputs">Channels out, of the larger images; at least 1.</param>
    /// <param name="kernelSize">Side of the kernel: odd; default 3.</param>
    /// <param name="stride">s: at least 1, at most 8; default 2.</param>
    /// <param name="imageSize">
    /// (height, width) of the outputs if all have this one size: the bound is then tighter and cheaper. Default: a bound for all sizes.
    /// </param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the weight would have more than 2^29 numbers, the bound for such images would need too many, or the dtype is
    /// not supported.
    /// </exception>
    public BoundedTransposedConvolution(
        long inputs, long outputs, int kernelSize = 3, int stride = 2, (int Height, int Width)? imageSize = null,
        ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedTransposedConvolution))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        _bound = new StridedBound(kernelSize, stride, imageSize, inputs * (double)outputs);
        _weight = Drawn([inputs, outputs, kernelSize, kernelSize], dtype);
        RegisterComponents();
    }

    /// <summary>s.</summary>
    public int Stride => _bound.Stride;

    /// <summary>The only size (height, width) of outputs that the bound holds for; null when it holds for all.</summary>
    public (int Height, int Width)? ImageSize => _bound.ImageSize;

    /// <summary>W: [inputs, outputs, k, k], as in torch.nn.ConvTranspose2d; the layer's one parameter.</summary>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    public override long Inputs => _weight.shape[0];

    /// <inheritdoc/>
    public override long Outputs => _weight.shape[1];

    /// <inheritdoc/>
    protected override double ErrorSpread => _bound.KernelSize;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight)
    {
        // Without more, the last s - 1 rows and columns that belong to the last block are missing.
        long[] made = OutputShape(input.shape);
        long[] missing = [made[2] - ((input.shape[2] - 1) * Stride) - 1, made[3] - ((input.shape[3] - 1) * Stride) - 1];
        long padding = _bound.KernelSize / 2;
        return nn.functional.conv_transpose2d(
            input, weight, strides: [Stride, Stride], padding: [padding, padding], output_padding: missing);
    }

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight) => _bound.Upper(weight);

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => _bound.Certify(weight);

    /// <inheritdoc/>
    protected override bool Fits(long[] shape, long width) => shape.Length == 4 && shape[1] == width
        && (ImageSize is not { } size || (shape[2], shape[3]) == (_bound.Smaller(size.Height), _bound.Smaller(size.Width)));

    /// <inheritdoc/>
    protected override string Shape(long width) => StridedBound.Shape(
        width, ImageSize is { } size ? ((int)_bound.Smaller(size.Height), (int)_bound.Smaller(size.Width)) : null);

    /// <inheritdoc/>
    protected override long[] OutputShape(long[] input) =>
        [input[0], Outputs, ImageSize?.Height ?? (input[2] * Stride), ImageSize?.Width ?? (input[3] * Stride)];
}
