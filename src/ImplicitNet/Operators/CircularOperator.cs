using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A linear operator that the torus diagonalises: for every frequency a matrix of channels. W of a circular convolution, or its resolvent.
/// </summary>
/// <remarks>
/// Costs 8 multiplications and additions for each pair of channels and half the pixels, and two Fourier transforms, where a kernel of side
/// s costs 2 s^2 for each pair of channels and pixel. Without a graph.
/// </remarks>
internal sealed class CircularOperator : PreparedOperator
{
    private readonly (int Height, int Width) _size;
    private readonly long _channels;

    // Of each frequency the transpose of the matrix: [frequencies, inputs, outputs].
    private readonly Tensor _real;
    private readonly Tensor _imaginary;
    private readonly Tensor? _forward;
    private readonly Tensor? _inverse;

    private CircularOperator(Tensor matrices, (int Height, int Width) size)
    {
        _size = size;
        _channels = matrices.shape[1];
        Tensor columns = matrices.transpose(1, 2);
        _real = columns.real.contiguous().clone().DetachFromDisposeScope();
        _imaginary = columns.imag.contiguous().clone().DetachFromDisposeScope();
        TorusTransform? transform = TorusTransform.For(size);
        _forward = transform?.Forward(_real).DetachFromDisposeScope();
        _inverse = transform?.Inverse(_real).DetachFromDisposeScope();
    }

    /// <summary>The convolution itself.</summary>
    /// <param name="kernel">[channels, channels, side, side], the side odd and at most that of the image.</param>
    /// <param name="size">Of the image.</param>
    public static CircularOperator Of(Tensor kernel, (int Height, int Width) size)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return new CircularOperator(CircularSymbol.Of(kernel, size), size);
    }

    /// <summary><c>(I + alpha (I - W))^-1</c>.</summary>
    /// <param name="kernel">Of W.</param>
    /// <param name="size">Of the image.</param>
    /// <param name="alpha">Above 0.</param>
    public static CircularOperator Resolvent(Tensor kernel, (int Height, int Width) size, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor symbols = CircularSymbol.Of(kernel, size);
        Tensor identity = eye(kernel.shape[0], dtype: symbols.dtype, device: symbols.device);
        Tensor whole = (identity * (1 + alpha)) - (symbols * alpha);
        return new CircularOperator(kernel.isfinite().all().ToBoolean() ? linalg.inv(whole) : full_like(whole, double.NaN), size);
    }

    public override Tensor Apply(Tensor point, bool isTransposed)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = point.shape[0];
        if (batch == 0)
        {
            return empty_like(point).MoveToOuterDisposeScope();
        }

        // Spectra as [2, frequencies, batch, channels]: real, then imaginary parts.
        Tensor rows = point.reshape(batch * _channels, -1);
        Tensor spectra = (_forward is null ? FastForward(point) : _forward.mm(rows.t())).reshape(2, -1, batch, _channels);
        (Tensor real, Tensor imaginary) = (spectra[0], spectra[1]);

        // Of the transpose the matrix is the conjugate of what is kept, untransposed.
        (Tensor own, Tensor other) = isTransposed ? (_real.transpose(1, 2), _imaginary.transpose(1, 2)) : (_real, _imaginary);
        (Tensor first, Tensor second) = isTransposed ? (imaginary, -real) : (-imaginary, real);
        Tensor products = stack([real.bmm(own).add_(first.bmm(other)), imaginary.bmm(own).add_(second.bmm(other))]);
        Tensor images = _inverse is null ? FastInverse(products) : products.reshape(-1, batch * _channels).t().mm(_inverse);
        return images.reshape(point.shape).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        _real.Dispose();
        _imaginary.Dispose();
        _forward?.Dispose();
        _inverse?.Dispose();
    }

    private static Tensor FastForward(Tensor point)
    {
        Tensor spectra = fft.rfft2(point).permute(2, 3, 0, 1);
        return stack([spectra.real, spectra.imag]);
    }

    private Tensor FastInverse(Tensor products)
    {
        Tensor spectra = complex(products[0], products[1]).reshape(_size.Height, -1, products.shape[2], _channels);
        return fft.irfft2(spectra.permute(2, 3, 0, 1), [_size.Height, _size.Width]);
    }
}
