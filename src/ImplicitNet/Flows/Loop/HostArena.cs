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
    private readonly Tensor?[] _views;
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
        _views = new Tensor?[blocks];
        for (int block = 0; block < blocks; block++)
        {
            _blocks[block] = (T*)MemoryAddress.Of(_memory[block]);
        }

        _isContiguous = Layout.Order.Length == 0;
    }

    public override int Count => _count;

    public override Tensor View(int block)
    {
        if (_views[block] is not { } view)
        {
            using DisposeScope scope = NewDisposeScope();
            _views[block] = view = Layout.Restore(_memory[block].narrow(0, 0, _count)).DetachFromDisposeScope();
        }

        return view;
    }

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
            View(block).copy_(values);
        }
    }

    public override void Combine(int target, int from, ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks)
    {
        T* result = _blocks[target], start = from < 0 ? null : _blocks[from];
        Terms terms = Choose(coefficients, blocks, stackalloc nint[coefficients.Length], stackalloc double[coefficients.Length]);
        if (terms.Count == 0 && start != null)
        {
            long bytes = (long)_count * _size * sizeof(T);
            Buffer.MemoryCopy(start, result, bytes, bytes);
            return;
        }

        if (IsSmall)
        {
            Sums(0.._count, start, result, sizes, terms);
            return;
        }

        double[] lengths = sizes.ToArray(), weights = terms.Coefficients.ToArray();
        nint[] summed = terms.Blocks.ToArray();
        (nint to, nint at) = ((nint)result, (nint)start);
        InParts(rows => Sums(rows, (T*)at, (T*)to, lengths, new Terms(summed, weights)));
    }

    public override void Norms(
        ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks, int first, int second, double absolute, double relative,
        Span<double> norms)
    {
        T* one = _blocks[first], other = _blocks[second];
        (T least, T share) = (T.CreateTruncating(absolute), T.CreateTruncating(relative));
        Terms terms = Choose(coefficients, blocks, stackalloc nint[coefficients.Length], stackalloc double[coefficients.Length]);
        if (IsSmall)
        {
            Norms(0.._count, one, other, sizes, terms, least, share, norms);
            return;
        }

        double[] lengths = sizes.ToArray(), weights = terms.Coefficients.ToArray(), found = new double[_count];
        nint[] summed = terms.Blocks.ToArray();
        (nint from, nint to) = ((nint)one, (nint)other);
        InParts(rows => Norms(rows, (T*)from, (T*)to, lengths, new Terms(summed, weights), least, share, found));
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
    }

    public override void Write(
        int row, int from, double size, ReadOnlySpan<double> coefficients, int blocks, ArenaRows destination, int place)
    {
        long at = (long)row * _size;
        Span<T> factors = stackalloc T[coefficients.Length];
        Terms terms = Choose(coefficients, blocks, stackalloc nint[coefficients.Length], stackalloc double[coefficients.Length]);
        terms.Times(size, factors[..terms.Count]);
        RowSum<T>.Sum(
            (T*)destination.Held + ((long)place * _size), _blocks[from] + at, terms.Blocks, factors[..terms.Count], at, _size);
    }

    public override void ReadRow(ArenaRows source, int place, int block, int row) =>
        new ReadOnlySpan<T>((T*)source.Held + ((long)place * _size), _size).CopyTo(Row(block, row));

    public override void AddRow(ArenaRows source, int place, double factor, int block, int row)
    {
        T* target = _blocks[block] + ((long)row * _size);
        RowSum<T>.Sum(target, target, [source.Held], [T.CreateTruncating(factor)], (long)place * _size, _size);
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

    private void DisposeViews()
    {
        for (int block = 0; block < _views.Length; block++)
        {
            _views[block]?.Dispose();
            _views[block] = null;
        }
    }

    private void InParts(Action<Range> body)
    {
        int rows = Math.Max(1, (int)(ThreadTeam.SmallWork / 4 / _size)), parts = (_count + rows - 1) / rows;
        ThreadTeam.Run(parts, (long)_count * _size, part => body((part * rows)..Math.Min(_count, (part + 1) * rows)));
    }

    private void Sums(Range rows, T* start, T* target, ReadOnlySpan<double> sizes, Terms terms)
    {
        Span<T> factors = stackalloc T[terms.Count];
        for (int row = rows.Start.Value; row < rows.End.Value; row++)
        {
            long place = (long)row * _size;
            terms.Times(sizes.IsEmpty ? 1 : sizes[row], factors);
            RowSum<T>.Sum(target + place, start == null ? null : start + place, terms.Blocks, factors, place, _size);
        }
    }

    private void Norms(
        Range rows, T* first, T* second, ReadOnlySpan<double> sizes, Terms terms, T absolute, T relative, Span<double> norms)
    {
        Span<T> factors = stackalloc T[terms.Count];
        for (int row = rows.Start.Value; row < rows.End.Value; row++)
        {
            terms.Times(sizes.IsEmpty ? 1 : sizes[row], factors);
            norms[row] = RowNorm<T>.Of(terms.Blocks, factors, first, second, (long)row * _size, Counted, absolute, relative);
        }
    }

    /// <summary>The terms whose coefficients are not 0.</summary>
    private Terms Choose(ReadOnlySpan<double> coefficients, int blocks, Span<nint> chosen, Span<double> factors)
    {
        int count = 0;
        for (int term = 0; term < coefficients.Length; term++)
        {
            if (coefficients[term] != 0)
            {
                chosen[count] = (nint)_blocks[blocks + term];
                factors[count++] = coefficients[term];
            }
        }

        return new Terms(chosen[..count], factors[..count]);
    }

    /// <summary>The blocks of a sum, and their coefficients.</summary>
    private readonly ref struct Terms(ReadOnlySpan<nint> blocks, ReadOnlySpan<double> coefficients)
    {
        public ReadOnlySpan<nint> Blocks { get; } = blocks;

        public ReadOnlySpan<double> Coefficients { get; } = coefficients;

        public int Count => Blocks.Length;

        public void Times(double size, Span<T> factors)
        {
            for (int term = 0; term < factors.Length; term++)
            {
                factors[term] = T.CreateTruncating(size * Coefficients[term]);
            }
        }
    }
}
