using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// One run of conjugate gradients on the normal equations from a residual: the products are by turns with the transpose,
/// for the direction, and with the operator, for the correction.
/// </summary>
internal sealed class CgnrCycle : KrylovCycle
{
    private readonly KrylovState _state;
    private readonly double _rounding;
    private bool _hasDirection;

    public CgnrCycle(Tensor unit)
    {
        _state = new KrylovState(unit, columns: 2, matrices: 2);
        _rounding = Precision.Of(unit.dtype).Rounding;
        Residual.copy_(unit);
        Slope.fill_(double.PositiveInfinity);
    }

    private Tensor Correction => _state[0];

    private Tensor Residual => _state[1];

    private Tensor Direction => _state[2];

    /// <summary>||A^T r||.</summary>
    private Tensor Slope => _state[3];

    /// <summary>The most by which a product has lengthened its vector: what is known of ||A||.</summary>
    private Tensor Gain => _state[4];

    public override KrylovStep[] Step(LinearOperator linear)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor product = _hasDirection ? linear.Apply(Direction) : linear.ApplyTransposed(Residual);
        Tensor vector = _hasDirection ? Direction : Residual;
        Tensor length = Recurrence.Norms(vector);
        Tensor after = Recurrence.Norms(product);
        Gain.copy_(maximum(Gain, after / length));
        Tensor isSound = after > Gain * length * _rounding;
        if (_hasDirection)
        {
            Tensor alpha = where(isSound, (Slope / after).square(), zeros_like(after));
            Correction.addcmul_(Direction, alpha, value: 1);
            Residual.addcmul_(product, alpha, value: -1);
        }
        else
        {
            Direction.mul_((after / Slope).square()).add_(product);
            Slope.copy_(after);
        }

        _hasDirection = !_hasDirection;
        return Recurrence.Outcome(_state, product, Recurrence.Norms(Residual), isSound);
    }

    public override Tensor Corrections(IReadOnlyList<int> rows) => _state.Best(rows);

    public override (double Residual, double Drift) Reached(int row) => (_state.Least(row), double.PositiveInfinity);

    public override void Restrict(IReadOnlyList<int> rows) => _state.Restrict(rows);

    public override void Dispose() => _state.Dispose();
}
