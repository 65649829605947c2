using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Batches;

/// <summary>
/// How the elements of one sample lie in memory, so that a batch of latents can be seen as a matrix [batch, n] without a
/// copy in either of the two layouts that convolutions use (channels first, channels last).
/// </summary>
/// <remarks>
/// A norm over dimension 1 of a channels-first tensor costs fifty times one over the flattened sample; every
/// per-sample reduction of the library therefore works on this matrix.
/// </remarks>
internal readonly struct LatentLayout
{
    private readonly long[] _sampleShape;
    private readonly long[]? _order;

    /// <summary>A layout from its description.</summary>
    /// <param name="sampleShape">The shape of one sample.</param>
    /// <param name="order">The dimensions of the batch from outer to inner in memory; null or empty: as they come.</param>
    public LatentLayout(long[] sampleShape, long[]? order)
    {
        _sampleShape = sampleShape;
        _order = order is { Length: > 0 } ? order : null;
    }

    /// <summary>The shape of one sample.</summary>
    public long[] SampleShape => _sampleShape;

    /// <summary>The dimensions of the batch from outer to inner in memory; empty: as they come.</summary>
    public long[] Order => _order ?? [];

    // Counted, since torch infers no size of an empty tensor.
    private long SampleSize => _sampleShape.Aggregate(1L, (product, side) => product * side);

    /// <summary>The layout of <paramref name="latent"/>: [batch, ...].</summary>
    public static LatentLayout Of(Tensor latent)
    {
        long[] shape = latent.shape;
        long[] sampleShape = shape[1..];
        if (shape.Length <= 2 || latent.is_contiguous())
        {
            return new LatentLayout(sampleShape, order: null);
        }

        return new LatentLayout(sampleShape, MemoryOrder.Of(latent.stride(), first: 1));
    }

    /// <summary>Whether samples of these latents have the shape that this layout is for.</summary>
    public bool Fits(Tensor latents) => latents.shape.AsSpan(1).SequenceEqual(_sampleShape);

    /// <summary>The rows of <paramref name="latent"/>: [batch, n] in this layout's order; a view where memory allows.</summary>
    public Tensor Flatten(Tensor latent) =>
        (_order is null ? latent : latent.permute(_order)).reshape(latent.shape[0], SampleSize);

    /// <summary>The inverse of <see cref="Flatten"/>, a view: [rows, n] to [rows, ...].</summary>
    public Tensor Restore(Tensor rows)
    {
        if (_order is null)
        {
            return rows.reshape([rows.shape[0], .. _sampleShape]);
        }

        long[] order = _order;
        long[] sampleShape = _sampleShape;
        long[] inverse = new long[order.Length];
        for (int position = 0; position < order.Length; position++)
        {
            inverse[order[position]] = position;
        }

        return rows.reshape([rows.shape[0], .. order[1..].Select(d => sampleShape[d - 1])]).permute(inverse);
    }

    /// <summary>Some samples of <paramref name="batch"/>: [batch, ...] to [count, ...], in the same memory layout.</summary>
    public static Tensor SelectRows(Tensor batch, Tensor samples)
    {
        LatentLayout layout = Of(batch);
        return layout.Restore(layout.Flatten(batch).index_select(0, samples));
    }
}
