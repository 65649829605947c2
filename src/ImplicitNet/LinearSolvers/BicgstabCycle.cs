using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// One run of BiCGSTAB from a residual: the products are by turns with the search direction and with the residual, and
/// after each there is a correction.
/// </summary>
internal sealed class BicgstabCycle : KrylovCycle
{
    // The residual's turn is never less than this share of its full length: a much shorter one would keep the residual
    // least for now, and spoil all that follows (Sleijpen and van der Vorst, Numer. Algorithms 10, 1995).
    private const double LeastCosine = 0.7;

    // Below this cosine of r and A r the residual itself is a poor shadow: the first step divides by it.
    private const double LeastShadowCosine = 0.1;

    private readonly KrylovState _state;
    private readonly double _rounding;
    private bool _isFirst = true;
    private bool _isHalfway;

    public BicgstabCycle(Tensor unit)
    {
        _state = new KrylovState(unit, columns: 2, matrices: 4);
        _rounding = Precision.Of(unit.dtype).Rounding;
        Residual.copy_(unit);
        Direction.copy_(unit);
    }

    private Tensor Correction => _state[0];

    private Tensor Residual => _state[1];

    private Tensor Shadow => _state[2];

    private Tensor Direction => _state[3];

    private Tensor Product => _state[4];

    private Tensor Rho => _state[5];

    private Tensor Alpha => _state[6];

    public override KrylovStep[] Step(LinearOperator linear)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor product = linear.Apply(_isHalfway ? Residual : Direction);
        Tensor isSound = _isHalfway ? StepByResidual(product) : StepByDirection(product);
        _isHalfway = !_isHalfway;
        _isFirst = false;
        return Recurrence.Outcome(_state, product, Recurrence.Norms(Residual), isSound);
    }

    public override Tensor Corrections(IReadOnlyList<int> rows) => _state.Best(rows);

    public override (double Residual, double Drift) Reached(int row) => (_state.Least(row), double.PositiveInfinity);

    public override void Restrict(IReadOnlyList<int> rows) => _state.Restrict(rows);

    public override void Dispose() => _state.Dispose();

    /// <summary>The half of biconjugate gradients: <c>s = r - alpha A p</c>, orthogonal to the shadow.</summary>
    private Tensor StepByDirection(Tensor product)
    {
        Product.copy_(product);
        if (_isFirst)
        {
            ChooseShadow(product);
        }

        Tensor along = Recurrence.Dots(Shadow, product);
        Tensor isSound = along.abs() > Recurrence.Norms(Shadow) * Recurrence.Norms(product) * _rounding;
        Alpha.copy_(where(isSound, Rho / along, zeros_like(Rho)));
        Correction.addcmul_(Direction, Alpha, value: 1);
        Residual.addcmul_(product, Alpha, value: -1);
        return isSound;
    }

    /// <summary>The half of least residuals: <c>r = s - omega A s</c>, and the direction after it.</summary>
    private Tensor StepByResidual(Tensor product)
    {
        Tensor length = Recurrence.Norms(product);
        Tensor left = Recurrence.Norms(Residual);
        Tensor ratio = left / length;
        Tensor cosine = Recurrence.Dots(product / length, Residual) / left;
        Tensor isSound = length > 0;
        Tensor sign = where(cosine < 0, -ones_like(cosine), ones_like(cosine));
        Tensor omega = where(isSound, sign * cosine.abs().clamp_min(LeastCosine) * ratio, zeros_like(ratio));
        Correction.addcmul_(Residual, omega, value: 1);
        Residual.addcmul_(product, omega, value: -1);

        Tensor rho = Recurrence.Dots(Shadow, Residual);
        isSound = isSound.logical_and(rho.abs() > Recurrence.Norms(Shadow) * Recurrence.Norms(Residual) * _rounding);
        Tensor beta = rho / Rho * (Alpha / omega);
        Direction.addcmul_(Product, omega, value: -1).mul_(beta).add_(Residual);
        Rho.copy_(rho);
        return isSound;
    }

    /// <summary>r, or r and A r together where r is nearly orthogonal to A r.</summary>
    private void ChooseShadow(Tensor product)
    {
        Tensor unit = product / Recurrence.Norms(product);
        Tensor isPoor = Recurrence.Dots(Residual, unit).abs() < LeastShadowCosine;
        Shadow.copy_(where(isPoor, Residual + unit, Residual));
        Rho.copy_(Recurrence.Dots(Shadow, Residual));
    }
}
