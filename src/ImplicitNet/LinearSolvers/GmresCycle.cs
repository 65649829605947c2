using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>One basis of GMRES for every row, from a residual to the correction that leaves the least of it.</summary>
internal sealed class GmresCycle : KrylovCycle
{
    private readonly double _rounding;
    private Tensor _basis;
    private HessenbergLeastSquares[] _problems;
    private int _used;

    public GmresCycle(Tensor unit, int length)
    {
        _rounding = Precision.Of(unit.dtype).Rounding;
        _problems = [.. Enumerable.Range(0, (int)unit.shape[0]).Select(_ => new HessenbergLeastSquares(length))];
        using DisposeScope scope = NewDisposeScope();
        _basis = unit.new_empty([unit.shape[0], length + 1, unit.shape[1]]).DetachFromDisposeScope();
        _basis.select(1, 0).copy_(unit);
    }

    public override KrylovStep[] Step(LinearOperator linear)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor direction = linear.Apply(_basis.select(1, _used));
        Tensor basis = _basis.narrow(1, 0, _used + 1);
        Tensor before = Recurrence.Norms(direction);
        Tensor first = bmm(basis, direction.unsqueeze(2));
        direction = direction - bmm(first.transpose(1, 2), basis).squeeze(1);
        Tensor second = bmm(basis, direction.unsqueeze(2));
        direction = direction - bmm(second.transpose(1, 2), basis).squeeze(1);
        Tensor after = Recurrence.Norms(direction);
        _used++;

        // Zeros where there is no direction, so that no NaN meets the zero weight it has in a correction.
        _basis.select(1, _used).copy_(where(after > 0, direction / after, zeros_like(direction)));
        int width = _used + 2;
        double[] numbers = [.. cat([(first + second).squeeze(2), before, after], 1).to(ScalarType.Float64).cpu().data<double>()];
        return [.. _problems.Select((problem, row) => Add(problem, numbers.AsSpan(row * width, width)))];
    }

    public override Tensor Corrections(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        double[,] weights = new double[rows.Count, _used];
        for (int i = 0; i < rows.Count; i++)
        {
            double[] own = _problems[rows[i]].Best(_rounding).Solution;
            for (int j = 0; j < own.Length; j++)
            {
                weights[i, j] = own[j];
            }
        }

        Tensor basis = _basis.narrow(1, 0, _used).index_select(0, RowIndices.Of(rows, _basis.device));
        return bmm(tensor(weights, dtype: _basis.dtype, device: _basis.device).unsqueeze(1), basis).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// An orthogonal basis keeps the two residuals together to rounding in <c>||A|| ||c||</c> (Paige, Rozloznik and
    /// Strakos, SIAM J. Matrix Anal. Appl. 28, 2006); the norm of H stands for that of A.
    /// </summary>
    public override (double Residual, double Drift) Reached(int row)
    {
        (_, double residual, double drift) = _problems[row].Best(_rounding);
        return (residual, drift);
    }

    public override void Restrict(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor kept = _basis.new_empty([rows.Count, _basis.shape[1], _basis.shape[2]]).DetachFromDisposeScope();
        kept.narrow(1, 0, _used + 1).copy_(_basis.narrow(1, 0, _used + 1).index_select(0, RowIndices.Of(rows, _basis.device)));
        _basis.Dispose();
        _basis = kept;
        HessenbergLeastSquares[] all = _problems;
        _problems = [.. rows.Select(row => all[row])];
    }

    public override void Dispose() => _basis.Dispose();

    /// <summary>Takes note of one product.</summary>
    /// <param name="problem">Of the row it is for.</param>
    /// <param name="numbers">What of it lies along the vectors of the basis, its norm, and the norm of what is new in it.</param>
    private KrylovStep Add(HessenbergLeastSquares problem, ReadOnlySpan<double> numbers)
    {
        foreach (double number in numbers)
        {
            if (!double.IsFinite(number))
            {
                return new KrylovStep(double.NaN, IsBreakdown: false);
            }
        }

        // A new direction this much shorter than the product it came from is rounding.
        (double before, double after) = (numbers[^2], numbers[^1]);
        bool isSpanned = after <= _rounding * before;
        problem.Add(numbers[..^2].ToArray(), isSpanned ? 0 : after, _rounding * before);
        return new KrylovStep(problem.Residual, isSpanned);
    }
}
