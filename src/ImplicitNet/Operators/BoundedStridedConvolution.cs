using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> ((W / b(W)) * x)[::s, ::s]</c>: a zero-padded convolution of stride s, which makes images of h x w smaller, ceil(h / s) x
/// ceil(w / s), with b(W) at least the norm of the strided convolution OPERATOR, so that its norm is at most 1.
/// </summary>
/// <remarks>
/// b is that of the convolution of stride 1 which it is on blocks of s x s pixels: never above that of the same kernel at stride 1, and up
/// to s times less. It cannot be the layer of an operator by itself; it is a part of a <see cref="BoundedSequence"/> that comes back to the
/// size of the latents by a <see cref="BoundedTransposedConvolution"/>.
/// </remarks>
public sealed class BoundedStridedConvolution : BoundedLayer
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly StridedBound _bound;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernelSize">Side of the kernel: odd; default 3.</param>
    /// <param name="stride">s: at least 1, at most 8; default 2.</param>
    /// <param name="imageSize">
    /// (height, width) of the inputs if all have this one size: the bound is then tighter and cheaper. Default: a bound for all sizes.
    /// </param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the weight would have more than 2^29 numbers, the bound for such images would need too many, or the dtype is
    /// not supported.
    /// </exception>
    public BoundedStridedConvolution(
        long inputs, long outputs, int kernelSize = 3, int stride = 2, (int Height, int Width)? imageSize = null,
        ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedStridedConvolution))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        _bound = new StridedBound(kernelSize, stride, imageSize, inputs * (double)outputs);
        _weight = Drawn([outputs, inputs, kernelSize, kernelSize], dtype);
        RegisterComponents();
    }

    /// <summary>s.</summary>
    public int Stride => _bound.Stride;

    /// <summary>The only size (height, width) of inputs that the bound holds for; null when it holds for all.</summary>
    public (int Height, int Width)? ImageSize => _bound.ImageSize;

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    protected override double ErrorSpread => _bound.KernelSize;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.conv2d(
        input, weight, strides: [Stride, Stride], padding: [_bound.KernelSize / 2, _bound.KernelSize / 2]);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight) => _bound.Upper(weight);

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => _bound.Certify(weight);

    /// <inheritdoc/>
    protected override bool Fits(long[] shape, long width) =>
        shape.Length == 4 && shape[1] == width && (ImageSize is not { } size || (shape[2], shape[3]) == size);

    /// <inheritdoc/>
    protected override string Shape(long width) => StridedBound.Shape(width, ImageSize);

    /// <inheritdoc/>
    protected override long[] OutputShape(long[] input) =>
        [input[0], Outputs, _bound.Smaller(input[2]), _bound.Smaller(input[3])];
}
