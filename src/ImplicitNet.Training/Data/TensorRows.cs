using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>A copy of a tensor to read rows from: immutable, in managed memory, and so safe on any thread and nobody's to free.</summary>
internal sealed class TensorRows
{
    private readonly byte[][] _blocks;
    private readonly int _rowsInBlock;
    private readonly int _rowBytes;
    private readonly long[] _rowShape;
    private readonly ScalarType _dtype;

    /// <summary>Copies a tensor of at least one dimension.</summary>
    /// <param name="tensor">[rows, ...], from any device; the caller keeps it.</param>
    /// <param name="blockBytes">An array holds so many bytes at most, and one row at least: one array ends at 2 GiB.</param>
    public TensorRows(Tensor tensor, int blockBytes = 1 << 30)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor host = tensor.detach().cpu().contiguous();
        Count = checked((int)host.shape[0]);
        _dtype = host.dtype;
        _rowShape = host.shape[1..];
        _rowBytes = checked((int)(_rowShape.Aggregate(1L, (product, size) => checked(product * size)) * host.element_size()));
        _rowsInBlock = _rowBytes == 0 ? Math.Max(Count, 1) : Math.Max(blockBytes / _rowBytes, 1);
        _blocks = [.. Enumerable.Range(0, (Count + _rowsInBlock - 1) / _rowsInBlock).Select(block => Copy(host, block))];
    }

    public int Count { get; }

    /// <summary>The rows of these indices, [indices, ...], on the processor; the caller owns it.</summary>
    /// <exception cref="ArgumentException">They are more than 2 GiB.</exception>
    public Tensor Gather(ReadOnlySpan<int> indices)
    {
        if ((long)indices.Length * _rowBytes > Array.MaxLength)
        {
            throw new ArgumentException($"{indices.Length} rows of {_rowBytes} bytes are no batch: at most 2 GiB are. Take fewer rows.");
        }

        Tensor gathered = empty([indices.Length, .. _rowShape], _dtype);
        Span<byte> target = gathered.bytes;
        foreach (int index in indices)
        {
            Row(index).CopyTo(target);
            target = target[_rowBytes..];
        }

        return gathered;
    }

    /// <summary>Takes dtype, shape and the bytes of the rows of these indices into a checksum.</summary>
    public void AddTo(IncrementalHash checksum, ReadOnlySpan<int> indices)
    {
        checksum.AppendData(Encoding.UTF8.GetBytes($"{_dtype} [{string.Join(", ", _rowShape)}] "));
        foreach (int index in indices)
        {
            checksum.AppendData(Row(index));
        }
    }

    private ReadOnlySpan<byte> Row(int index) =>
        _blocks[index / _rowsInBlock].AsSpan(index % _rowsInBlock * _rowBytes, _rowBytes);

    private byte[] Copy(Tensor host, int block)
    {
        int start = block * _rowsInBlock;
        using Tensor rows = host.narrow(0, start, Math.Min(_rowsInBlock, Count - start));
        return rows.bytes.ToArray();
    }
}
