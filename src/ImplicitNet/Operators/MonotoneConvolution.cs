using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>W = (1 - m) I - A^T A + B - B^T</c> with convolutions A and B of images of one size: a <see cref="MonotoneLayer"/> that is itself
/// one convolution, with a kernel of side 2k - 1.
/// </summary>
/// <remarks>
/// With circular padding, the default, the torus of the image diagonalises W, and its resolvent is a product for each frequency: a Fourier
/// transform, small complex matrices, and back. With zero padding W is a part of the circular one on a larger torus, so that I - W stays
/// monotone with the same m; its resolvent is found by GMRES. Preparing W costs a convolution of A with itself in float64, and a bound of
/// its norm.
/// </remarks>
public sealed class MonotoneConvolution : MonotoneLayer
{
    // The kernel of W, of side 2 k - 1, on the smallest torus that it fits: beyond this there is no table of frequencies.
    private const int WidestKernel = 37;

    [ComponentName(Name = "symmetric")]
    private readonly Parameter _symmetric;

    [ComponentName(Name = "skew")]
    private readonly Parameter _skew;
    private readonly FrequencyGrid _grid;
    private readonly FrequencyGrid _weightGrid;
    private readonly double? _lipschitz;
    private readonly bool _isCircular;
    private readonly (int Height, int Width) _size;
    private readonly (int Height, int Width) _torus;
    private readonly int _radius;

    /// <summary>Creates the layer with weights drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="channels">Channels of a latent; at least 1.</param>
    /// <param name="imageSize">(height, width) of all latents; with circular padding at least 2 k - 1.</param>
    /// <param name="kernelSize">k, the side of A's and B's kernel: odd, at most 37; default 3.</param>
    /// <param name="monotonicity">m, above 0; default 1. The larger, the fewer steps, and the less u* depends on the weights.</param>
    /// <param name="padding">Circular (default) or zeros.</param>
    /// <param name="lipschitz">
    /// The most that <c>||I - W||</c> may be, above m: where A or B has more than half of what is left beside m, it is scaled to that, in
    /// the graph, so that no weight takes more steps than this number says. Default null: no limit.
    /// </param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A value is out of its range, a weight would have more than 2^29 numbers, or there is no memory for it.
    /// </exception>
    public MonotoneConvolution(
        long channels,
        (int Height, int Width) imageSize,
        int kernelSize = 3,
        double monotonicity = 1,
        PaddingModes padding = PaddingModes.Circular,
        double? lipschitz = null,
        ScalarType dtype = ScalarType.Float32)
        : base(nameof(MonotoneConvolution), monotonicity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (kernelSize is < 1 or > WidestKernel || kernelSize % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize), kernelSize, $"The kernel's side must be odd and in [1, {WidestKernel}].");
        }

        if (padding is not (PaddingModes.Circular or PaddingModes.Zeros))
        {
            throw new ArgumentException($"The padding of a monotone convolution is Circular or Zeros. Given: {padding}.", nameof(padding));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize.Height, 1, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize.Width, 1, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(imageSize.Height, LongestSide, nameof(imageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(imageSize.Width, LongestSide, nameof(imageSize));
        _radius = kernelSize - 1;
        int side = (2 * _radius) + 1;
        _isCircular = padding == PaddingModes.Circular;
        if (_isCircular && Math.Min(imageSize.Height, imageSize.Width) < side)
        {
            throw new ArgumentOutOfRangeException(
                nameof(imageSize),
                $"Circular padding with a kernel of {kernelSize} needs images of at least {side} x {side}; "
                    + $"{imageSize.Height} x {imageSize.Width} were given. Take PaddingModes.Zeros for smaller ones.");
        }

        // Zero padding is a part of the circular convolution on a torus larger by the kernel's radius.
        int more = _isCircular ? 0 : _radius;
        _torus = (Math.Max(imageSize.Height, _radius + 1) + more, Math.Max(imageSize.Width, _radius + 1) + more);
        _grid = FrequencyGrid.ForTorus(_torus.Height, _torus.Width, side);
        _weightGrid = FrequencyGrid.ForTorus(_torus.Height, _torus.Width, kernelSize);
        _lipschitz = Limit(lipschitz, monotonicity);
        _size = imageSize;
        _symmetric = Drawn([channels, channels, kernelSize, kernelSize], dtype);
        _skew = Drawn([channels, channels, kernelSize, kernelSize], dtype);
        RegisterComponents();
    }

    /// <summary>A: [channels, channels, k, k]. Other values to begin with are written into it.</summary>
    public Parameter Symmetric => _symmetric;

    /// <summary>B: [channels, channels, k, k]. Other values to begin with are written into it.</summary>
    public Parameter Skew => _skew;

    /// <inheritdoc/>
    public override Parameter Weight => _symmetric;

    /// <inheritdoc/>
    internal override bool HasDirectResolvent => _isCircular;

    private long Channels => _symmetric.shape[0];

    private long Terms => Channels * _symmetric.shape[2] * _symmetric.shape[3];

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Prepare()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor skew) = (_symmetric.to(ScalarType.Float64), _skew.to(ScalarType.Float64));
        skew = skew - Transposed(skew);
        (a, skew, (Tensor, Tensor)? norms) = Limited(a, skew, _lipschitz, _weightGrid.UpperBound);

        // Of A^T A: at (i, j, d) the sum over o and p of A[o, i, p] A[o, j, p + d].
        Tensor columns = a.transpose(0, 1);
        Tensor gram = nn.functional.conv2d(columns, columns, padding: [_radius, _radius]).transpose(0, 1);
        double margin = Margin(a, skew, Terms, spread: (2 * _radius) + 1);
        Tensor identity = Identity(ScalarType.Float64, a.device) * (1 - Monotonicity - margin);
        return Prepared(Padded(skew, _radius / 2) - gram + identity, norms, margin);
    }

    /// <inheritdoc/>
    public override Tensor Product(Tensor input, IReadOnlyList<Tensor> prepared, bool isTransposed = false)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        using DisposeScope scope = NewDisposeScope();
        Tensor kernel = isTransposed ? Transposed(prepared[0]) : prepared[0];
        Tensor product = _isCircular
            ? nn.functional.conv2d(nn.functional.pad(input, [_radius, _radius, _radius, _radius], PaddingModes.Circular), kernel)
            : nn.functional.conv2d(input, kernel, padding: [_radius, _radius]);
        return product.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override MonotoneNorms BoundNorms(IReadOnlyList<Tensor> prepared)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (KnownNorms(prepared) is { } norms)
        {
            return norms;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor whole = Rest(prepared[0]);
        Tensor transposed = Transposed(whole);
        return new MonotoneNorms(
            ScaledBound.Of(whole, _grid.UpperBound),
            ScaledBound.Of((whole + transposed) / 2, _grid.UpperBound),
            ScaledBound.Of((whole - transposed) / 2, _grid.UpperBound));
    }

    /// <inheritdoc/>
    internal override PreparedOperator? CreateProduct(IReadOnlyList<Tensor> prepared) =>
        _isCircular ? CircularOperator.Of(prepared[0], _size) : null;

    /// <inheritdoc/>
    internal override PreparedOperator CreateResolvent(IReadOnlyList<Tensor> prepared, double alpha) => _isCircular
        ? CircularOperator.Resolvent(prepared[0], _size, alpha)
        : base.CreateResolvent(prepared, alpha);

    /// <inheritdoc/>
    protected override double LeastMonotonicity(IReadOnlyList<Tensor> prepared)
    {
        Tensor rest = Rest(prepared[0]);
        if (!rest.isfinite().all().ToBoolean())
        {
            return double.NaN;
        }

        Tensor symbols = CircularSymbol.Of(rest, _torus);
        double rounding = CertificateRounding(
            linalg.vector_norm(rest).ToDouble() * rest.shape[2], Terms + Channels);
        return linalg.eigvalsh((symbols + symbols.mH) / 2).min().ToDouble() - rounding;
    }

    /// <inheritdoc/>
    protected override bool Fits(long[] shape) =>
        shape.Length == 4 && shape[1] == Channels && shape[2] == _size.Height && shape[3] == _size.Width;

    /// <inheritdoc/>
    protected override string Shape => $"[batch, {Channels}, {_size.Height}, {_size.Width}]";

    /// <summary>The kernel of I - W.</summary>
    private Tensor Rest(Tensor kernel) => Identity(kernel.dtype, kernel.device) - kernel;

    private Tensor Identity(ScalarType dtype, Device device) =>
        Padded(eye(Channels, dtype: dtype, device: device).reshape(Channels, Channels, 1, 1), _radius);

    private static Tensor Padded(Tensor kernel, int by) => nn.functional.pad(kernel, [by, by, by, by]);

    /// <summary>The kernel of the transpose.</summary>
    private static Tensor Transposed(Tensor kernel) => kernel.transpose(0, 1).flip(2, 3);
}
