using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A convolution of stride s as one of stride 1: the s x s pixels of a block are channels of one pixel, which moves numbers about and
/// changes no norm. So the bound of a convolution of stride 1, zero padding included, is that of a strided one and of its adjoint, without
/// anything lost.
/// </summary>
internal static class Polyphase
{
    /// <summary>The side of the kernel on blocks.</summary>
    public static int Side(int kernelSize, int stride) => (2 * Radius(kernelSize, stride)) + 1;

    /// <summary>The kernel on blocks: [outputs, inputs stride^2, side, side], in the graph of the kernel.</summary>
    /// <param name="kernel">[outputs, inputs, k, k], k odd; its middle is on the first pixel of a block.</param>
    /// <param name="stride">s.</param>
    public static Tensor Kernel(Tensor kernel, int stride)
    {
        int size = (int)kernel.shape[^1], radius = Radius(size, stride), side = Side(size, stride);

        // Pixels from stride * radius before the middle to the end of the last block; those that the kernel has not are zeros.
        long before = (stride * radius) - (size / 2), after = (stride * side) - size - before;
        return nn.functional.pad(kernel, [before, after, before, after])
            .reshape(kernel.shape[0], kernel.shape[1], side, stride, side, stride)
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(kernel.shape[0], kernel.shape[1] * stride * stride, side, side);
    }

    private static int Radius(int kernelSize, int stride) => ((kernelSize / 2) + stride - 1) / stride;
}
