using System.Globalization;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// One run of conjugate gradients from a residual; before it, where A is not known to be symmetric, a product that tries it.
/// </summary>
internal sealed class ConjugateGradientCycle : KrylovCycle
{
    private readonly KrylovState _state;
    private readonly double _rounding;
    private Tensor? _probe;
    private bool _isTried;

    public ConjugateGradientCycle(Tensor unit)
    {
        _state = new KrylovState(unit, columns: 3, matrices: 2);
        _rounding = Precision.Of(unit.dtype).Rounding;
        Residual.copy_(unit);
        Direction.copy_(unit);
        Norm.fill_(1);
    }

    private Tensor Correction => _state[0];

    private Tensor Residual => _state[1];

    private Tensor Direction => _state[2];

    /// <summary>||r||.</summary>
    private Tensor Norm => _state[3];

    /// <summary>&lt;r, A y&gt;, y the probe, r the residual at the start.</summary>
    private Tensor ProbeAlong => _state[4];

    /// <summary>||A y||.</summary>
    private Tensor ProbeLength => _state[5];

    public override KrylovStep[] Step(LinearOperator linear)
    {
        using DisposeScope scope = NewDisposeScope();
        double? asymmetry = _isTried ? null : linear.SymmetryTolerance(Residual.dtype);
        if (asymmetry is not null && _probe is null)
        {
            _probe = Unit(Residual).DetachFromDisposeScope();
            Tensor tried = linear.Apply(_probe.expand_as(Residual));
            ProbeAlong.copy_(Along(Residual, tried));
            ProbeLength.copy_(Recurrence.Norms(tried));
            return Recurrence.Outcome(_state, tried, Norm, ones_like(Norm));
        }

        Tensor product = linear.Apply(Direction);
        if (asymmetry is { } tolerance)
        {
            EnsureSymmetric(product, tolerance);
        }

        _isTried = true;
        Tensor along = Recurrence.Dots(Direction, product);
        Tensor isSound = along > Recurrence.Norms(Direction) * Recurrence.Norms(product) * _rounding;
        Tensor alpha = where(isSound, Norm / along * Norm, zeros_like(along));
        Correction.addcmul_(Direction, alpha, value: 1);
        Residual.addcmul_(product, alpha, value: -1);
        Tensor norm = Recurrence.Norms(Residual);
        Direction.mul_((norm / Norm).square()).add_(Residual);
        Norm.copy_(norm);
        return Recurrence.Outcome(_state, product, norm, isSound);
    }

    public override Tensor Corrections(IReadOnlyList<int> rows) => _state.Best(rows);

    public override (double Residual, double Drift) Reached(int row) => (_state.Least(row), double.PositiveInfinity);

    public override void Restrict(IReadOnlyList<int> rows) => _state.Restrict(rows);

    public override void Dispose()
    {
        _state.Dispose();
        _probe?.Dispose();
    }

    /// <summary>A direction for all rows that no residual knows of, the same every time: [1, n] of norm 1.</summary>
    private static Tensor Unit(Tensor residual)
    {
        using Generator generator = new(0, CPU);
        Tensor drawn = randn([1, residual.shape[1]], ScalarType.Float64, generator: generator);
        return (drawn / linalg.vector_norm(drawn)).to(residual.dtype).to(residual.device);
    }

    private static Tensor Along(Tensor left, Tensor right) =>
        (left.to(ScalarType.Float64) * right.to(ScalarType.Float64)).sum(1, keepdim: true);

    /// <summary>Refuses an operator that the probe shows not to be symmetric; what is not finite says nothing of it.</summary>
    private void EnsureSymmetric(Tensor product, double tolerance)
    {
        Tensor other = Along(product, _probe!.expand_as(product));
        Tensor isApart = (ProbeAlong - other).abs() > (ProbeLength + Recurrence.Norms(product)) * tolerance;
        if (!isApart.any().ToBoolean())
        {
            return;
        }

        long row = isApart.to(ScalarType.Int64).argmax().ToInt64();
        throw new NotSupportedException(string.Create(
            CultureInfo.InvariantCulture,
            $"Conjugate gradients need a symmetric operator: here <x, A y> = {ProbeAlong[row].ToDouble():g6} and <A x, y> = "
                + $"{other[row].ToDouble():g6} of one sample. Take {nameof(GmresSolver)}, which needs no symmetry."));
    }
}
