using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>
/// Broyden's approximation of <c>(I - J)^-1</c> for every row, <c>M = damping I - sum_i a_i b_i^T</c>, with room for so
/// many terms. When it is full it starts again from damping I: every M is then one that Broyden's method makes, which is
/// not so where the oldest term is overwritten, and nothing in it is older than the memory.
/// </summary>
internal sealed class BroydenMemory(int capacity, double damping) : IDisposable
{
    // The determinant of M changes by at most this factor a step (More and Trangenstein, 1976, who keep a tenth).
    private const double SmallestPivot = 0.1;

    private Tensor? _left;
    private Tensor? _right;
    private int _used;

    public Tensor Apply(Tensor rows) => _used == 0 ? rows * damping : LowRankInverse.Product(Terms(_left), Terms(_right), damping, rows);

    /// <summary>
    /// Good Broyden (1965) on r(u) = map(u) - u: the least change of the Jacobian that explains a step, as
    /// <c>M += theta (s + M y) (s^T M) / (s^T s (1 - theta + theta g))</c> with <c>g = -s^T M y / s^T s</c>, so that
    /// M y = -s when theta = 1.
    /// </summary>
    /// <param name="step">s: [count, n]. A row of zeros, or of anything not finite, teaches nothing.</param>
    /// <param name="change">y, the change of the residual along it: [count, n].</param>
    public void Update(Tensor step, Tensor change)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_used == capacity)
        {
            _used = 0;
        }

        // In units of the step's length: nothing here depends on the scale of the problem, and no square overflows.
        Tensor length = RowNorms.Column(step).to(step.dtype);
        Tensor s = step / length;
        Tensor explained = Apply(change / length);
        Tensor right = _used == 0 ? s * damping : LowRankInverse.Product(Terms(_right), Terms(_left), damping, s);
        Tensor pivot = -(s * explained).sum(1, keepdim: true);
        Tensor sign = where(pivot >= 0, ones_like(pivot), -ones_like(pivot));
        Tensor theta = where(pivot.abs() >= SmallestPivot, ones_like(pivot), (1 - sign * SmallestPivot) / (1 - pivot));
        Tensor left = (s + explained) * (-theta / (1 - theta + theta * pivot));

        Tensor usable = ((left.abs().sum(1, keepdim: true) * right.abs().sum(1, keepdim: true)).isfinite()).logical_and(length > 0);
        Allocate(step);
        Slot(_left).copy_(where(usable, left, zeros_like(left)));
        Slot(_right).copy_(where(usable, right, zeros_like(right)));
        _used++;
    }

    /// <summary>Rows that start again from damping I.</summary>
    public void Forget(Tensor positions)
    {
        if (_used > 0)
        {
            using DisposeScope scope = NewDisposeScope();
            Terms(_left).index_fill_(0, positions, 0);
            Terms(_right).index_fill_(0, positions, 0);
        }
    }

    public void Restrict(Tensor samples)
    {
        if (_left is not null)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor left, Tensor right) = (_left, _right!);
            _left = left.index_select(0, samples).DetachFromDisposeScope();
            _right = right.index_select(0, samples).DetachFromDisposeScope();
            left.Dispose();
            right.Dispose();
        }
    }

    /// <summary>Some rows as they are now: [count, used, n] each; null when nothing has been learned yet.</summary>
    public (Tensor Left, Tensor Right)? Rows(Tensor positions) =>
        _used == 0 ? null : (Terms(_left).index_select(0, positions), Terms(_right).index_select(0, positions));

    public void Dispose()
    {
        _left?.Dispose();
        _right?.Dispose();
    }

    private Tensor Terms(Tensor? tensor) => tensor!.narrow(1, 0, _used);

    private Tensor Slot(Tensor? tensor) => tensor!.select(1, _used);

    private void Allocate(Tensor rows)
    {
        if (_left is null)
        {
            long[] shape = [rows.shape[0], capacity, rows.shape[1]];
            _left = empty(shape, dtype: rows.dtype, device: rows.device).DetachFromDisposeScope();
            _right = empty(shape, dtype: rows.dtype, device: rows.device).DetachFromDisposeScope();
        }
    }
}
