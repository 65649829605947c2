using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Rows like those of an arena that stay: states that are asked for, or kept for a gradient.</summary>
internal sealed class ArenaRows : IDisposable
{
    private readonly LatentLayout _layout;
    private readonly nint _address;

    /// <summary>Rows of NaN.</summary>
    /// <param name="like">[batch, ...].</param>
    /// <param name="count">How many.</param>
    public ArenaRows(Tensor like, long count)
        : this(
            full([count, like.shape[1..].Aggregate(1L, (product, side) => product * side)], double.NaN, like.dtype, like.device),
            LatentLayout.Of(like)) => Values.DetachFromDisposeScope();

    /// <summary>Rows whose values are not set.</summary>
    /// <param name="like">[batch, ...].</param>
    /// <param name="count">How many.</param>
    public static ArenaRows Unset(Tensor like, long count)
    {
        Tensor rows = empty([count, like.shape[1..].Aggregate(1L, (product, side) => product * side)], like.dtype, like.device);
        return new ArenaRows(rows.DetachFromDisposeScope(), LatentLayout.Of(like));
    }

    private ArenaRows(Tensor values, LatentLayout layout)
    {
        (_layout, Values) = (layout, values);
        Size = (int)values.shape[1];
        _address = TensorMemory.Holds(values) ? MemoryAddress.Of(values) : 0;
    }

    /// <summary>[count, n].</summary>
    public Tensor Values { get; }

    /// <summary>Numbers of a row.</summary>
    public int Size { get; }

    /// <summary>Where they are, in one piece of the processor's memory.</summary>
    /// <exception cref="ArgumentException">They are too many for one.</exception>
    public nint Held => _address != 0 ? _address : throw new ArgumentException(
        $"States of {Values.shape[0]} rows of {Size} numbers are more than one piece of memory holds, 2 GiB: ask for fewer times, or "
        + "take smaller batches.");

    /// <summary>Rows that are there.</summary>
    /// <param name="values">[count, n], contiguous; owned from now on.</param>
    /// <param name="layout">How a row lies in a state.</param>
    public static ArenaRows Of(Tensor values, LatentLayout layout) => new(values, layout);

    /// <summary>The rows in the shape of a state: [count, ...], sharing their memory.</summary>
    public Tensor Restored() => _layout.Restore(Values);

    /// <inheritdoc/>
    public void Dispose() => Values.Dispose();
}
