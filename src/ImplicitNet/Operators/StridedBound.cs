using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The norm of a zero-padded convolution of some stride, and of its adjoint, for images of one size or of all: what
/// <see cref="BoundedStridedConvolution"/> and <see cref="BoundedTransposedConvolution"/> have in common.
/// </summary>
internal sealed class StridedBound
{
    private const int LargestStride = 8;

    // Numbers in the symbols of all frequencies: 2 GiB of them in float32.
    private const double LargestSymbols = 1 << 29;

    private readonly FrequencyGrid _grid;

    /// <summary>Prepares the frequencies.</summary>
    /// <param name="kernelSize">Odd.</param>
    /// <param name="stride">s.</param>
    /// <param name="imageSize">Of the larger images; null for all.</param>
    /// <param name="channels">Those of the smaller images times those of the larger.</param>
    public StridedBound(int kernelSize, int stride, (int Height, int Width)? imageSize, double channels)
    {
        if (kernelSize < 1 || kernelSize % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernelSize), kernelSize, "The kernel's side must be odd and at least 1.");
        }

        if (stride is < 1 or > LargestStride)
        {
            throw new ArgumentOutOfRangeException(nameof(stride), stride, $"The stride must be in [1, {LargestStride}].");
        }

        (KernelSize, Stride, ImageSize) = (kernelSize, stride, imageSize);
        int side = Polyphase.Side(kernelSize, stride);
        if (imageSize is not { } size)
        {
            _grid = FrequencyGrid.ForAllSizes(side);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(size.Height, 1, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Width, 1, nameof(imageSize));
        if (channels * size.Height * size.Width > LargestSymbols)
        {
            throw new ArgumentOutOfRangeException(
                nameof(imageSize),
                $"The bound for images of {size.Height} x {size.Width} takes {channels} numbers a pixel, "
                    + FormattableString.Invariant($"{LargestSymbols:g2} at most. Leave the size out for a bound that holds for all."));
        }

        _grid = FrequencyGrid.ForImages((int)Smaller(size.Height), (int)Smaller(size.Width), side);
    }

    /// <summary>The side of the kernel.</summary>
    public int KernelSize { get; }

    /// <summary>s.</summary>
    public int Stride { get; }

    /// <summary>Of the larger images; null for all.</summary>
    public (int Height, int Width)? ImageSize { get; }

    /// <summary>Shapes of images as text, for a message.</summary>
    public static string Shape(long channels, (int Height, int Width)? size) => size is (int height, int width)
        ? $"[batch, {channels}, {height}, {width}] (its norm is bounded for such images)"
        : $"[batch, {channels}, height, width]";

    /// <summary>The side of the smaller images.</summary>
    public long Smaller(long side) => (side + Stride - 1) / Stride;

    /// <summary>The bound, in the graph of the kernel: [1].</summary>
    /// <param name="kernel">[channels of the smaller images, channels of the larger, k, k].</param>
    public Tensor Upper(Tensor kernel) => _grid.UpperBound(Polyphase.Kernel(kernel, Stride));

    /// <summary>The certificate; NaN where the kernel is not finite.</summary>
    /// <param name="kernel">As above, in float64.</param>
    public double Certify(Tensor kernel) => _grid.Certify(Polyphase.Kernel(kernel, Stride));
}
