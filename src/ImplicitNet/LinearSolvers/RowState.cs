using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// What a method with short recurrences holds: tensors of one row a sample, changed in place, restricted and released
/// together.
/// </summary>
/// <remarks>The first is the correction so far; the best of them all is kept beside it, since residuals may rise again.</remarks>
internal sealed class RowState : IDisposable
{
    private readonly Tensor[] _tensors;
    private Tensor _best;
    private Tensor _least;

    /// <summary>Begins with the correction zero and its residual of norm 1.</summary>
    /// <param name="unit">The residuals: [count, n].</param>
    /// <param name="columns">How many columns [count, 1] to hold.</param>
    /// <param name="matrices">How many matrices [count, n] to hold beside the correction.</param>
    public RowState(Tensor unit, int columns, int matrices)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor column = unit.new_zeros([unit.shape[0], 1]);
        _tensors = [
            .. Enumerable.Range(0, matrices + 1).Select(_ => zeros_like(unit).DetachFromDisposeScope()),
            .. Enumerable.Range(0, columns).Select(_ => column.clone().DetachFromDisposeScope())];
        _best = zeros_like(unit).DetachFromDisposeScope();
        _least = ones_like(column).DetachFromDisposeScope();
    }

    /// <summary>The correction, then the matrices, then the columns.</summary>
    public Tensor this[int index] => _tensors[index];

    /// <summary>Keeps the correction of every row whose residual is less than any before.</summary>
    /// <param name="norms">The norms of the residuals: [count, 1].</param>
    public void KeepBest(Tensor norms)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor isBetter = norms < _least;
        _best.copy_(where(isBetter, _tensors[0], _best));
        _least.copy_(where(isBetter, norms, _least));
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
        Restrict(ref _least, indices);
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _tensors)
        {
            tensor.Dispose();
        }

        _best.Dispose();
        _least.Dispose();
    }

    private static void Restrict(ref Tensor tensor, Tensor indices)
    {
        Tensor kept = tensor.index_select(0, indices).DetachFromDisposeScope();
        tensor.Dispose();
        tensor = kept;
    }
}
