using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The bound of the last weight that was asked for, so that a network in use, whose weights do not change, computes it once.
/// </summary>
/// <remarks>
/// Recognised by its bytes, not by its handle: whoever writes into a weight, by whatever way, gets a bound of its own. Comparing
/// takes some microseconds, where the bound takes a millisecond. Safe to use from several threads.
/// </remarks>
internal sealed class RememberedBound
{
    // A weight above this is not remembered: its copy would be felt, and its products dwarf all else.
    private const long MaxBytes = 1 << 26;

    private Entry? _last;

    /// <summary>The bound of a weight, without a graph.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="bound">Computes the bound: [1].</param>
    /// <returns>[1], in the caller's dispose scope.</returns>
    public Tensor Of(Tensor weight, Func<Tensor, Tensor> bound)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        if (weight.numel() * weight.element_size() > MaxBytes)
        {
            return bound(weight.detach()).MoveToOuterDisposeScope();
        }

        Tensor held = weight.detach().cpu().contiguous();
        Entry? last = Volatile.Read(ref _last);
        if (last is null || last.Dtype != weight.dtype || !held.bytes.SequenceEqual(last.Weight))
        {
            Tensor value = bound(weight.detach());
            last = new Entry(held.bytes.ToArray(), weight.dtype, value.ToDouble(), value.dtype);
            Volatile.Write(ref _last, last);
        }

        return full([1], last.Bound, last.BoundDtype, weight.device).MoveToOuterDisposeScope();
    }

    private sealed record Entry(byte[] Weight, ScalarType Dtype, double Bound, ScalarType BoundDtype);
}
