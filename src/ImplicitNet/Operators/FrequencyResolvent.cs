using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The resolvent of a circular convolution: for every frequency of the torus the inverse of a matrix of channels.</summary>
internal sealed class FrequencyResolvent : MonotoneResolvent
{
    private readonly (int Height, int Width) _size;

    // [frequencies, channels, channels]
    private readonly Tensor _inverses;

    /// <summary>Prepares it.</summary>
    /// <param name="kernel">Of I - W: [channels, channels, side, side], the side odd and at most that of the image.</param>
    /// <param name="size">Of the image.</param>
    /// <param name="alpha">Above 0.</param>
    public FrequencyResolvent(Tensor kernel, (int Height, int Width) size, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        _size = size;
        long channels = kernel.shape[0];
        Tensor matrices = CircularSymbol.Of(kernel, size);
        Tensor whole = (matrices * alpha) + eye(channels, dtype: matrices.dtype, device: matrices.device);
        bool isFinite = kernel.isfinite().all().ToBoolean();
        _inverses = (isFinite ? linalg.inv(whole) : full_like(whole, double.NaN)).DetachFromDisposeScope();
    }

    public override Tensor Apply(Tensor point, bool isTransposed)
    {
        using DisposeScope scope = NewDisposeScope();
        (long batch, long channels) = (point.shape[0], point.shape[1]);
        Tensor spectra = fft.rfft2(point);
        long width = spectra.shape[3];
        Tensor columns = spectra.permute(2, 3, 1, 0).reshape(-1, channels, batch);
        Tensor product = (isTransposed ? _inverses.mH : _inverses).bmm(columns);
        Tensor images = product.reshape(_size.Height, width, channels, batch).permute(3, 2, 0, 1);
        return fft.irfft2(images, [_size.Height, _size.Width]).MoveToOuterDisposeScope();
    }

    public override void Dispose() => _inverses.Dispose();
}
