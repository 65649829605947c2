using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// What a method with short recurrences holds: tensors of one row a sample, changed in place, restricted and released
/// together.
/// </summary>
/// <remarks>The first is the correction so far; the best of them all is kept beside it, since residuals may rise again.</remarks>
internal sealed class KrylovState : IDisposable
{
    private readonly Tensor[] _tensors;
    private readonly double _rounding;
    private Tensor _best;
    private double[] _least;

    /// <summary>Begins with the correction zero and its residual of norm 1.</summary>
    /// <param name="unit">The residuals: [count, n].</param>
    /// <param name="columns">How many columns [count, 1] to hold.</param>
    /// <param name="matrices">How many matrices [count, n] to hold beside the correction.</param>
    public KrylovState(Tensor unit, int columns, int matrices)
    {
        _rounding = Precision.Of(unit.dtype).Rounding;
        using DisposeScope scope = NewDisposeScope();
        Tensor column = unit.new_zeros([unit.shape[0], 1]);
        _tensors = [
            .. Enumerable.Range(0, matrices + 1).Select(_ => zeros_like(unit).DetachFromDisposeScope()),
            .. Enumerable.Range(0, columns).Select(_ => column.clone().DetachFromDisposeScope())];
        _best = zeros_like(unit).DetachFromDisposeScope();
        _least = [.. Enumerable.Repeat(1.0, (int)unit.shape[0])];
    }

    /// <summary>The correction, then the matrices, then the columns.</summary>
    public Tensor this[int index] => _tensors[index];

    /// <summary>The least norm of a row's residuals so far: that of its best correction.</summary>
    public double Least(int row) => _least[row];

    /// <summary>
    /// Keeps the correction of every row whose residual is less than any before, or as small to rounding: near a least
    /// squares solution the corrections still improve when the norm no longer shows it.
    /// </summary>
    /// <param name="norms">The norms of the residuals.</param>
    public void KeepBest(ReadOnlySpan<double> norms)
    {
        bool[] isBetter = new bool[_least.Length];
        for (int row = 0; row < isBetter.Length; row++)
        {
            isBetter[row] = norms[row] <= _least[row] * (1 + _rounding);
            _least[row] = isBetter[row] ? Math.Min(norms[row], _least[row]) : _least[row];
        }

        if (isBetter.AsSpan().Contains(true))
        {
            using DisposeScope scope = NewDisposeScope();
            _best.copy_(where(tensor(isBetter, device: _best.device).unsqueeze(1), _tensors[0], _best));
        }
    }

    /// <summary>The best corrections of some rows: [count, n]. The caller owns it.</summary>
    public Tensor Best(IReadOnlyList<int> rows) => _best.index_select(0, RowIndices.Of(rows, _best.device));

    /// <summary>Goes on with some rows only.</summary>
    public void Restrict(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor indices = RowIndices.Of(rows, _best.device);
        for (int i = 0; i < _tensors.Length; i++)
        {
            Restrict(ref _tensors[i], indices);
        }

        Restrict(ref _best, indices);
        double[] least = _least;
        _least = [.. rows.Select(row => least[row])];
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _tensors)
        {
            tensor.Dispose();
        }

        _best.Dispose();
    }

    private static void Restrict(ref Tensor tensor, Tensor indices)
    {
        Tensor kept = tensor.index_select(0, indices).DetachFromDisposeScope();
        tensor.Dispose();
        tensor = kept;
    }
}
