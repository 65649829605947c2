using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The symbol of a circular convolution whose kernel has its middle at 0, so that a symmetric kernel has a Hermitian one.
/// </summary>
internal static class CircularSymbol
{
    /// <summary>At one of each conjugate pair of frequencies: [count, outputs, inputs], complex. The caller owns it.</summary>
    /// <param name="kernel">[outputs, inputs, k, k], k odd and at most the sides of the torus.</param>
    /// <param name="torus">Its sides.</param>
    public static Tensor Of(Tensor kernel, (int Height, int Width) torus)
    {
        using DisposeScope scope = NewDisposeScope();
        (long outputs, long inputs, long side) = (kernel.shape[0], kernel.shape[1], kernel.shape[2]);
        Tensor image = kernel.new_zeros([outputs, inputs, torus.Height, torus.Width]);
        image.slice(2, 0, side, 1).slice(3, 0, side, 1).copy_(kernel);

        // torch's convolution is a correlation: the pixel after the middle is read, so the symbol turns forward.
        Tensor symbols = fft.rfft2(image.roll([-(side / 2), -(side / 2)], [2, 3])).conj().resolve_conj();
        return symbols.permute(2, 3, 0, 1).reshape(-1, outputs, inputs).MoveToOuterDisposeScope();
    }
}
