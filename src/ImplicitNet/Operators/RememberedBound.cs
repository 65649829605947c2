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
    /// <param name="bound">Computes the bound: one number, or the few that bounds of parts of the weight are.</param>
    /// <returns>Its shape and dtype, in the caller's dispose scope.</returns>
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
            double[] numbers = [.. value.to(ScalarType.Float64).cpu().contiguous().data<double>()];
            last = new Entry(held.bytes.ToArray(), weight.dtype, numbers, value.shape, value.dtype);
            Volatile.Write(ref _last, last);
        }

        return (last.Shape is [1]
            ? full(last.Shape, last.Bound[0], last.BoundDtype, weight.device)
            : tensor(last.Bound, last.Shape).to(last.BoundDtype).to(weight.device)).MoveToOuterDisposeScope();
    }

    private sealed record Entry(byte[] Weight, ScalarType Dtype, double[] Bound, long[] Shape, ScalarType BoundDtype);
}
