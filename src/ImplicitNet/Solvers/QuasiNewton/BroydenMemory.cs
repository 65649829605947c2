using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>
/// Broyden's approximation of <c>(I - J)^-1</c> for every row, <c>M = damping I - sum_i a_i b_i^T</c>, with room for so
/// many terms and a damping of each row's own. When it is full it starts again from damping I: every M is then one that
/// Broyden's method makes, which is not so where the oldest term is overwritten, and nothing in it is older than the memory.
/// </summary>
internal sealed class BroydenMemory(int capacity, double damping) : IDisposable
{
    // The determinant of M changes by at most this factor a step (More and Trangenstein, 1976, who keep a tenth).
    private const double SmallestPivot = 0.1;

    // No step of a map that contracts changes the residual by twice its length: ||y|| = ||J s - s|| < 2 ||s||. So this scales none.
    private const double LeastOfContractions = 0.5;

    private Tensor? _left;
    private Tensor? _right;
    private int _used;

    // [count, 1]; null where all rows have the same.
    private Tensor? _dampings;

    // Rows whose next step says what their damping is; null where all are such.
    private bool[]? _fresh;

    public Tensor Apply(Tensor rows) => Product(_left, _right, rows);

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
            _fresh = null;
        }

        // In units of the step's length: nothing here depends on the scale of the problem, and no square overflows.
        Tensor length = RowNorms.Column(step).to(step.dtype);
        Tensor s = step / length;
        Tensor y = change / length;
        Scale(y);
        Tensor explained = Apply(y);
        Tensor right = Product(_right, _left, s);
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

    /// <summary>Rows that start again, from a damping that follows from their next step.</summary>
    public void Forget(IReadOnlyList<int> rows, Tensor positions)
    {
        foreach (int row in _fresh is null ? [] : rows)
        {
            _fresh![row] = true;
        }

        if (_used > 0)
        {
            using DisposeScope scope = NewDisposeScope();
            Terms(_left).index_fill_(0, positions, 0);
            Terms(_right).index_fill_(0, positions, 0);
        }
    }

    public void Restrict(Tensor samples)
    {
        if (_fresh is { } fresh)
        {
            _fresh = [.. samples.cpu().data<long>().Select(sample => fresh[sample])];
        }

        if (_dampings is { } dampings)
        {
            _dampings = dampings.index_select(0, samples).DetachFromDisposeScope();
            dampings.Dispose();
        }

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

    /// <summary>The dampings of some rows, [count, 1]; null where all have the same.</summary>
    public Tensor? Dampings(Tensor positions) => _dampings?.index_select(0, positions);

    /// <summary>Some rows as they are now: [count, used, n] each; null when nothing has been learned yet.</summary>
    public (Tensor Left, Tensor Right)? Rows(Tensor positions) =>
        _used == 0 ? null : (Terms(_left).index_select(0, positions), Terms(_right).index_select(0, positions));

    public void Dispose()
    {
        _dampings?.Dispose();
        _left?.Dispose();
        _right?.Dispose();
    }

    /// <summary>
    /// Gives rows that begin the damping by which their first step, of length 1, changed the residual: <c>||s|| / ||y||</c> where that is
    /// steep, as in self-scaling methods (Shanno and Phua, Mathematical Programming 1978).
    /// </summary>
    private void Scale(Tensor change)
    {
        if (_fresh is not null && !Array.Exists(_fresh, fresh => fresh))
        {
            return;
        }

        Tensor scale = 1 / RowNorms.Column(change).to(change.dtype);
        Tensor isFresh = _fresh is null ? ones_like(scale, ScalarType.Bool) : tensor(_fresh, device: change.device).unsqueeze(1);
        Tensor isSteep = (scale < LeastOfContractions).logical_and(scale > 0).logical_and(isFresh);
        _fresh = new bool[change.shape[0]];
        if (_dampings is null && !isSteep.any().ToBoolean())
        {
            return;
        }

        Tensor before = _dampings ?? full_like(scale, damping);
        Tensor begun = where(isFresh, full_like(scale, damping), before);
        Tensor dampings = where(isSteep, scale.clamp(max: damping), begun).DetachFromDisposeScope();
        _dampings?.Dispose();
        _dampings = dampings;
    }

    private Tensor Product(Tensor? left, Tensor? right, Tensor rows)
    {
        Tensor scaled = _dampings is not null ? rows * _dampings : damping == 1 ? rows : rows * damping;
        return _used == 0 ? scaled : LowRankInverse.Less(scaled, Terms(left), Terms(right), rows);
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
