using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>An arena on any device and of any dtype, by operations of torch, in the dtype that sums are made in.</summary>
internal sealed class TensorArena : RowArena
{
    private readonly Tensor[] _blocks;
    private readonly Tensor?[] _views;

    public TensorArena(Tensor like, int blocks, int? counted)
        : base(like, counted)
    {
        long size = like.shape[1..].Aggregate(1L, (product, side) => product * side);
        ScalarType dtype = Precision.Of(like.dtype).Working;
        _blocks = [.. Enumerable.Range(0, blocks).Select(_ => zeros([like.shape[0], size], dtype, like.device).DetachFromDisposeScope())];
        _views = new Tensor?[blocks];
    }

    public override int Count => (int)_blocks[0].shape[0];

    public override Tensor View(int block)
    {
        using DisposeScope scope = NewDisposeScope();
        return _views[block] ??= Layout.Restore(_blocks[block]).to(Dtype).alias().DetachFromDisposeScope();
    }

    public override void Take(int block, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Set(block, Layout.Flatten(values).to(_blocks[block].dtype).clone());
    }

    public override void Combine(int target, int from, ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = Sum(sizes, coefficients, blocks);
        Set(target, from < 0 ? sum : _blocks[from] + sum);
    }

    public override void Norms(
        ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks, int first, int second, double absolute, double relative,
        Span<double> norms)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor next = Seen(_blocks[second]);
        double least = next.dtype == ScalarType.Float64 ? double.Epsilon : float.Epsilon;
        Tensor scale = ((Seen(_blocks[first]).abs().maximum(next.abs()) * relative) + absolute).clamp_min(least);
        Tensor ratio = Seen(Sum(sizes, coefficients, blocks)) / scale;
        Tensor norm = next.shape[1] == 0 ? zeros(Count, ScalarType.Float64)
            : ratio.square().mean([1]).sqrt().nan_to_num(nan: double.PositiveInfinity, posinf: double.PositiveInfinity) + (next * 0).sum(1);
        norm.to(ScalarType.Float64).cpu().data<double>().CopyTo(norms);

        Tensor Seen(Tensor rows) => rows.narrow(1, 0, Counted);
    }

    public override void Copy(int from, int to, ReadOnlySpan<bool> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mask = tensor(rows.ToArray(), device: Device).unsqueeze(1);
        Set(to, where(mask, _blocks[from], _blocks[to]));
    }

    public override void Exchange(int first, int second)
    {
        (_blocks[first], _blocks[second]) = (_blocks[second], _blocks[first]);
        (_views[first], _views[second]) = (_views[second], _views[first]);
    }

    public override void Keep(int[] rows, ReadOnlySpan<int> blocks)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor kept = tensor(rows.Select(row => (long)row).ToArray(), device: Device);
        for (int block = 0; block < _blocks.Length; block++)
        {
            Set(block, blocks.Contains(block) ? _blocks[block].index_select(0, kept) : _blocks[block].narrow(0, 0, rows.Length).clone());
        }
    }

    public override void Write(
        int row, int from, double size, ReadOnlySpan<double> coefficients, int blocks, ArenaRows destination, int place)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = _blocks[from].narrow(0, row, 1);
        for (int term = 0; term < coefficients.Length; term++)
        {
            if (coefficients[term] != 0)
            {
                sum += _blocks[blocks + term].narrow(0, row, 1) * (size * coefficients[term]);
            }
        }

        destination.Values.narrow(0, place, 1).copy_(sum);
    }

    public override void ReadRow(ArenaRows source, int place, int block, int row)
    {
        using DisposeScope scope = NewDisposeScope();
        _blocks[block].narrow(0, row, 1).copy_(source.Values.narrow(0, place, 1));
        _views[block]?.Dispose();
        _views[block] = null;
    }

    public override void AddRow(ArenaRows source, int place, double factor, int block, int row)
    {
        using DisposeScope scope = NewDisposeScope();
        _blocks[block].narrow(0, row, 1).add_(source.Values.narrow(0, place, 1).to(_blocks[block].dtype), factor);
        _views[block]?.Dispose();
        _views[block] = null;
    }

    public override void Dots(int first, int second, Span<double> dots)
    {
        using DisposeScope scope = NewDisposeScope();
        (_blocks[first].to(ScalarType.Float64) * _blocks[second].to(ScalarType.Float64)).sum(1).cpu().data<double>().CopyTo(dots);
    }

    public override void Dispose()
    {
        foreach (Tensor? tensor in _blocks.Concat(_views))
        {
            tensor?.Dispose();
        }
    }

    private Tensor Sum(ReadOnlySpan<double> sizes, ReadOnlySpan<double> coefficients, int blocks)
    {
        Tensor sum = zeros_like(_blocks[0]);
        for (int term = 0; term < coefficients.Length; term++)
        {
            if (coefficients[term] != 0)
            {
                sum.add_(_blocks[blocks + term], coefficients[term]);
            }
        }

        return sizes.IsEmpty ? sum : sum * tensor(sizes.ToArray(), ScalarType.Float64).to(sum.dtype).to(Device).unsqueeze(1);
    }

    private void Set(int block, Tensor values)
    {
        _blocks[block].Dispose();
        _blocks[block] = ReferenceEquals(values, _blocks[block]) ? values : values.alias().DetachFromDisposeScope();
        _views[block]?.Dispose();
        _views[block] = null;
    }
}
