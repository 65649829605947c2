using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Rows like those of an arena that stay: states that are asked for, or kept for a gradient.</summary>
internal sealed class ArenaRows : IDisposable
{
    private readonly LatentLayout _layout;

    /// <summary>Rows of NaN.</summary>
    /// <param name="like">[batch, ...].</param>
    /// <param name="count">How many.</param>
    public ArenaRows(Tensor like, long count)
    {
        _layout = LatentLayout.Of(like);
        long size = like.shape[1..].Aggregate(1L, (product, side) => product * side);
        Values = full([count, size], double.NaN, like.dtype, like.device).DetachFromDisposeScope();
        Size = (int)size;
        Address = TensorMemory.Holds(Values) ? MemoryAddress.Of(Values) : 0;
    }

    /// <summary>[count, n].</summary>
    public Tensor Values { get; }

    /// <summary>Numbers of a row.</summary>
    public int Size { get; }

    /// <summary>Where they are; 0 if they are not in the processor's memory.</summary>
    public nint Address { get; }

    /// <summary>The rows in the shape of a state: [count, ...], sharing their memory.</summary>
    public Tensor Restored() => _layout.Restore(Values);

    /// <inheritdoc/>
    public void Dispose() => Values.Dispose();
}
