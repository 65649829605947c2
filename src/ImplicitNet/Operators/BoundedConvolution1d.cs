using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> (W / b(W)) * x</c> on sequences: a zero-padded convolution of stride 1 that keeps their length, with b(W) at least the norm of
/// the convolution OPERATOR, so that its norm is at most 1.
/// </summary>
/// <remarks>
/// b is the largest singular value of the kernel's symbol over a grid of frequencies, as that of <see cref="BoundedConvolution"/> on images
/// of height 1, and as rigorous.
/// </remarks>
public sealed class BoundedConvolution1d : BoundedLayer
{
    // Without a length the grid of the certificate, of side 32 k, is decomposed frequency by frequency.
    private const int WidestKernel = 255;

    // Numbers in the symbols of all frequencies: 2 GiB of them in float32.
    private const double LargestSymbols = 1 << 29;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly FrequencyGrid _grid;
    private readonly long _padding;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Conv1d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Channels in; at least 1.</param>
    /// <param name="outputs">Channels out; at least 1.</param>
    /// <param name="kernelSize">Length of the kernel: odd, at most 255; default 3.</param>
    /// <param name="length">Of all sequences, if they have this one: the bound is then tighter. Default: a bound for all lengths.</param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the weight would have more than 2^29 numbers, the bound for such sequences would need too many, or the dtype
    /// is not supported.
    /// </exception>
    public BoundedConvolution1d(
        long inputs, long outputs, int kernelSize = 3, int? length = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedConvolution1d))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        if (kernelSize is < 1 or > WidestKernel || kernelSize % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize), kernelSize, $"The kernel's length must be odd and in [1, {WidestKernel}].");
        }

        if (length * (double)outputs * inputs > LargestSymbols)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length,
                "The bound for so long a sequence takes too many numbers. Leave it out for one that holds for all.");
        }

        using Tensor data = Uninitialized([outputs, inputs, kernelSize], dtype);
        _padding = kernelSize / 2;
        _grid = FrequencyGrid.ForSequences(length, kernelSize);
        Length = length;
        _weight = new Parameter(data);
        _weight.DetachFromDisposeScope();
        nn.init.kaiming_uniform_(_weight, Math.Sqrt(5));
        RegisterComponents();
    }

    /// <summary>The only length that the bound holds for; null when it holds for all.</summary>
    public int? Length { get; }

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    protected override double ErrorSpread => Math.Sqrt((2 * _padding) + 1);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.conv1d(input, weight, padding: _padding);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight) => _grid.UpperBound(weight.unsqueeze(2));

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => _grid.Certify(weight.unsqueeze(2));

    /// <inheritdoc/>
    protected override bool Fits(long[] shape, long width) =>
        shape.Length == 3 && shape[1] == width && (Length is not { } length || shape[2] == length);

    /// <inheritdoc/>
    protected override string Shape(long width) => Length is { } length
        ? $"[batch, {width}, {length}] (its norm is bounded for sequences of {length})"
        : $"[batch, {width}, length]";

    /// <inheritdoc/>
    protected override long[] OutputShape(long[] input) => [input[0], Outputs, input[2]];
}
