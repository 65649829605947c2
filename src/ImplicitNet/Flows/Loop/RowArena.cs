using ImplicitNet.Batches;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>
/// Some tensors like the state, block by block, and the sums that steps are made of: rows are samples, each with a step of its own length.
/// </summary>
internal abstract class RowArena : IDisposable
{
    private protected RowArena(Tensor like, int? counted)
    {
        (Layout, Dtype, Device) = (LatentLayout.Of(like), like.dtype, like.device);
        Counted = counted ?? (int)like.shape[1..].Aggregate(1L, (product, side) => product * side);
    }

    /// <summary>Rows.</summary>
    public abstract int Count { get; }

    /// <summary>Numbers of a row that norms are of, the first ones: what stands behind them has no say in the choice of steps.</summary>
    protected int Counted { get; }

    protected LatentLayout Layout { get; }

    protected ScalarType Dtype { get; }

    protected Device Device { get; }

    /// <summary>A block in the shape of the state: [count, ...]. Changes when the block does. The arena owns it.</summary>
    public abstract Tensor View(int block);

    /// <summary>Copies values into a block.</summary>
    /// <param name="block">Which.</param>
    /// <param name="values">The shape, dtype and device of the state, any memory layout.</param>
    public abstract void Take(int block, Tensor values);

    /// <summary><c>target = from + size sum_j coefficient_j block_j</c>, with the size of every row.</summary>
    /// <param name="target">May be <paramref name="from"/>, but none of the blocks that are summed.</param>
    /// <param name="from">A block; below 0: nothing.</param>
    /// <param name="sizes">One for every row; empty: 1.</param>
    /// <param name="coefficients">Zeros are left out, and with them their blocks.</param>
    /// <param name="blocks">The block of the first coefficient; the others follow it.</param>
    public abstract void Combine(int target, int from, ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks);

    /// <summary>
    /// The root mean square of <c>size sum_j coefficient_j block_j / (absolute + relative max(|first|, |second|))</c> of every row, over
    /// the numbers that count; NaN where one of these of the second is not finite.
    /// </summary>
    public abstract void Norms(
        ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks, int first, int second, double absolute, double relative,
        Span<double> norms);

    /// <summary>Copies some rows of a block to another.</summary>
    public abstract void Copy(int from, int to, ReadOnlySpan<bool> rows);

    /// <summary>Lets two blocks change places: a copy that costs nothing.</summary>
    public abstract void Exchange(int first, int second);

    /// <summary>Leaves some rows only, in order, of some blocks; the values of other blocks are lost.</summary>
    /// <param name="rows">Positions, rising.</param>
    /// <param name="blocks">What is kept.</param>
    public abstract void Keep(int[] rows, ReadOnlySpan<int> blocks);

    /// <summary>Writes <c>from + size sum_j coefficient_j block_j</c> of one row elsewhere.</summary>
    /// <param name="row">Which.</param>
    /// <param name="from">A block.</param>
    /// <param name="size">The length of the step.</param>
    /// <param name="coefficients">One for every block.</param>
    /// <param name="blocks">The first block of the sum.</param>
    /// <param name="destination">Rows of the same dtype, device and layout: an <see cref="ArenaRows"/>.</param>
    /// <param name="place">The row there.</param>
    public abstract void Write(
        int row, int from, double size, ReadOnlySpan<double> coefficients, int blocks, ArenaRows destination, int place);

    /// <summary>Reads a row that was written.</summary>
    public abstract void ReadRow(ArenaRows source, int place, int block, int row);

    /// <summary>Adds a row that was written, times a number.</summary>
    public abstract void AddRow(ArenaRows source, int place, double factor, int block, int row);

    /// <summary>The dot product of two blocks in every row.</summary>
    public abstract void Dots(int first, int second, Span<double> dots);

    /// <inheritdoc/>
    public abstract void Dispose();
}
