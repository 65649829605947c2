using static TorchSharp.torch;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// The prepared form of the last weight that was asked for, recognised by its bytes: whoever changes a weight gets a form of its own.
/// </summary>
internal sealed class RememberedKernel
{
    private Entry? _last;

    /// <summary>The form of a weight that <see cref="WinogradConvolution.Fits"/>.</summary>
    public WinogradConvolution Of(Tensor weight)
    {
        if (weight.is_contiguous())
        {
            return OfContiguous(weight);
        }

        using Tensor held = weight.detach().contiguous();
        return OfContiguous(held);
    }

    private WinogradConvolution OfContiguous(Tensor weight)
    {
        ReadOnlySpan<byte> values = weight.bytes;
        Entry? last = Volatile.Read(ref _last);
        if (last is null || !values.SequenceEqual(last.Weight))
        {
            last = new Entry(values.ToArray(), WinogradConvolution.Of(weight));
            Volatile.Write(ref _last, last);
        }

        return last.Kernel;
    }

    private sealed record Entry(byte[] Weight, WinogradConvolution Kernel);
}
