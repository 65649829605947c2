using System.Buffers;
using System.Numerics;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>An arena in the processor's memory: every sum is one pass over it.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class HostArena<T> : RowArena
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Tensor[] _memory;
    private readonly Tensor[] _views;
    private readonly T*[] _blocks;
    private readonly int _size;
    private readonly bool _isContiguous;
    private int _count;

    public HostArena(Tensor like, int blocks, int? counted)
        : base(like, counted)
    {
        _count = (int)like.shape[0];
        _size = (int)(like.numel() / _count);
        _memory = [.. Enumerable.Range(0, blocks).Select(_ => empty([_count, _size], like.dtype).DetachFromDisposeScope())];
        _blocks = new T*[blocks];
        _views = new Tensor[blocks];
        for (int block = 0; block < blocks; block++)
        {
            _blocks[block] = (T*)MemoryAddress.Of(_memory[block]);
        }

        _isContiguous = Layout.Order.Length == 0;
        SetViews();
    }

    public override int Count => _count;

    public override Tensor View(int block) => _views[block];

    public override void Take(int block, Tensor values)
    {
        if (values.is_contiguous() && _isContiguous)
        {
            long bytes = (long)_count * _size * sizeof(T);
            Buffer.MemoryCopy((void*)MemoryAddress.Of(values), _blocks[block], bytes, bytes);
            GC.KeepAlive(values);
        }
        else
        {
            _views[block].copy_(values);
        }
    }

    public override void Combine(int target, int from, ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks)
    {
        T* result = _blocks[target], start = from < 0 ? null : _blocks[from];
        if (IsSmall)
        {
            for (int row = 0; row < _count; row++)
            {
                long place = (long)row * _size;
                Sum(row, start == null ? null : start + place, result + place, sizes.IsEmpty ? 1 : sizes[row], coefficients, blocks);
            }

            return;
        }

        double[] lengths = sizes.ToArray(), terms = coefficients.ToArray();
        (nint to, nint at) = ((nint)result, (nint)start);
        ThreadTeam.Run(_count, (long)_count * _size, row =>
        {
            long place = (long)row * _size;
            Sum(row, at == 0 ? null : (T*)at + place, (T*)to + place, lengths.Length == 0 ? 1 : lengths[row], terms, blocks);
        });
    }

    public override void Norms(
        ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks, int first, int second, double absolute, double relative,
        Span<double> norms)
    {
        T* one = _blocks[first], other = _blocks[second];
        if (IsSmall)
        {
            T[] errors = ArrayPool<T>.Shared.Rent(_size);
            fixed (T* error = errors)
            {
                for (int row = 0; row < _count; row++)
                {
                    norms[row] = Norm(row, error, one, other, sizes.IsEmpty ? 1 : sizes[row], coefficients, blocks, absolute, relative);
                }
            }

            ArrayPool<T>.Shared.Return(errors);
            return;
        }

        double[] lengths = sizes.ToArray(), terms = coefficients.ToArray(), found = new double[_count];
        (nint from, nint to) = ((nint)one, (nint)other);
        ThreadTeam.Run(_count, (long)_count * _size, row =>
        {
            T[] errors = ArrayPool<T>.Shared.Rent(_size);
            fixed (T* error = errors)
            {
                found[row] = Norm(row, error, (T*)from, (T*)to, lengths.Length == 0 ? 1 : lengths[row], terms, blocks, absolute, relative);
            }

            ArrayPool<T>.Shared.Return(errors);
        });
        found.CopyTo(norms);
    }

    public override void Copy(int from, int to, ReadOnlySpan<bool> rows)
    {
        for (int row = 0; row < _count; row++)
        {
            if (rows[row])
            {
                Row(from, row).CopyTo(Row(to, row));
            }
        }
    }

    public override void Exchange(int first, int second)
    {
        (_memory[first], _memory[second]) = (_memory[second], _memory[first]);
        (_views[first], _views[second]) = (_views[second], _views[first]);
        T* block = _blocks[first];
        _blocks[first] = _blocks[second];
        _blocks[second] = block;
    }

    public override void Keep(int[] rows, ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            for (int place = 0; place < rows.Length; place++)
            {
                Row(block, rows[place]).CopyTo(Row(block, place));
            }
        }

        _count = rows.Length;
        DisposeViews();
        SetViews();
    }

    public override void Write(
        int row, int from, double size, ReadOnlySpan<double> coefficients, int blocks, ArenaRows destination, int place) =>
        Sum(row, _blocks[from] + ((long)row * _size), (T*)destination.Held + ((long)place * _size), size, coefficients, blocks);

    public override void ReadRow(ArenaRows source, int place, int block, int row) =>
        new ReadOnlySpan<T>((T*)source.Held + ((long)place * _size), _size).CopyTo(Row(block, row));

    public override void AddRow(ArenaRows source, int place, double factor, int block, int row)
    {
        T* target = _blocks[block] + ((long)row * _size);
        RowSum<T>.Sum(target, target, [source.Held + ((nint)place * _size * sizeof(T))], [T.CreateTruncating(factor)], _size);
    }

    public override void Dots(int first, int second, Span<double> dots)
    {
        for (int row = 0; row < _count; row++)
        {
            ReadOnlySpan<T> one = Row(first, row), other = Row(second, row);
            double sum = 0;
            for (int i = 0; i < one.Length; i++)
            {
                sum += double.CreateTruncating(one[i]) * double.CreateTruncating(other[i]);
            }

            dots[row] = sum;
        }
    }

    public override void Dispose()
    {
        DisposeViews();
        foreach (Tensor memory in _memory)
        {
            memory.Dispose();
        }
    }

    /// <summary>Whether one thread is done before a second would have started.</summary>
    private bool IsSmall => (long)_count * _size < ThreadTeam.SmallWork;

    private Span<T> Row(int block, int row) => new(_blocks[block] + ((long)row * _size), _size);

    private void SetViews()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int block = 0; block < _views.Length; block++)
        {
            _views[block] = Layout.Restore(_memory[block].narrow(0, 0, _count)).DetachFromDisposeScope();
        }
    }

    private void DisposeViews()
    {
        foreach (Tensor view in _views)
        {
            view.Dispose();
        }
    }

    private double Norm(
        int row, T* error, T* first, T* second, double size, ReadOnlySpan<double> coefficients, int blocks, double absolute,
        double relative)
    {
        long place = (long)row * _size;
        Sum(row, null, error, size, coefficients, blocks);
        return RowNorm<T>.Of(error, first + place, second + place, Counted, T.CreateTruncating(absolute), T.CreateTruncating(relative));
    }

    /// <summary>One row of a sum, of the blocks whose coefficients are not 0.</summary>
    private void Sum(int row, T* start, T* target, double size, ReadOnlySpan<double> coefficients, int blocks)
    {
        Span<nint> rows = stackalloc nint[coefficients.Length];
        Span<T> factors = stackalloc T[coefficients.Length];
        int count = 0;
        for (int term = 0; term < coefficients.Length; term++)
        {
            if (coefficients[term] != 0)
            {
                rows[count] = (nint)(_blocks[blocks + term] + ((long)row * _size));
                factors[count++] = T.CreateTruncating(size * coefficients[term]);
            }
        }

        RowSum<T>.Sum(target, start, rows[..count], factors[..count], _size);
    }
}
