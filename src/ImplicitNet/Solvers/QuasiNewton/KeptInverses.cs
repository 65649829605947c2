using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>The terms of the samples that have finished, by their position in the original batch.</summary>
internal sealed class KeptInverses(int batch, double damping) : IDisposable
{
    private readonly double[] _dampings = [.. Enumerable.Repeat(damping, batch)];
    private Tensor? _left;
    private Tensor? _right;
    private int _used;

    public void Save(BroydenMemory memory, IterateRows rows, IReadOnlyList<int> positions, IReadOnlyList<int> samples, int capacity)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_left is null)
        {
            long[] shape = [batch, capacity, rows.Residual.shape[1]];
            _left = zeros(shape, dtype: rows.Residual.dtype, device: rows.Device).DetachFromDisposeScope();
            _right = zeros_like(_left).DetachFromDisposeScope();
        }

        if (memory.Dampings(rows.Indices(positions)) is { } dampings)
        {
            double[] values = [.. dampings.to(ScalarType.Float64).cpu().flatten().data<double>()];
            for (int i = 0; i < samples.Count; i++)
            {
                _dampings[samples[i]] = values[i];
            }
        }

        if (memory.Rows(rows.Indices(positions)) is { } terms)
        {
            long used = terms.Left.shape[1];
            Tensor target = rows.Indices(samples);
            _left.narrow(1, 0, used).index_copy_(0, target, terms.Left);
            _right!.narrow(1, 0, used).index_copy_(0, target, terms.Right);
            _used = Math.Max(_used, (int)used);
        }
    }

    /// <summary>All of them; null when no sample has finished.</summary>
    public LowRankInverse? Take(LatentLayout layout)
    {
        if (_left is null)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        return new LowRankInverse(
            _left.narrow(1, 0, _used).clone().DetachFromDisposeScope(),
            _right!.narrow(1, 0, _used).clone().DetachFromDisposeScope(),
            [.. _dampings], layout, single: false);
    }

    public void Dispose()
    {
        _left?.Dispose();
        _right?.Dispose();
    }
}
