using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// Conjugate gradients, for symmetric positive definite operators, for every sample by itself (Hestenes and Stiefel, J. Res. Nat. Bur.
/// Standards 49, 1952).
/// </summary>
/// <remarks>
/// One product a step, at the pace of the square root of the condition number, and memory that does not grow: 4 copies of the vectors. It
/// is the method for the adjoint equation of a gradient step (<c>EnergyOperator</c>), whose Jacobian is a Hessian. Of an operator that is
/// not known to be symmetric one product more is spent on <c>&lt;b, A y&gt; = &lt;A b, y&gt;</c>, y drawn, the same every time; where that
/// fails by more than rounding the solve is refused. What so slight an asymmetry does to the answer, the residual shows: it is measured by
/// a product at the end, and the method begins again from it where the recurrence was wrong. A direction along which A is not positive ends
/// a cycle, and where beginning again does not help the sample ends by a <see cref="LinearStatus.Breakdown"/> with the best x so far.
/// </remarks>
public sealed record ConjugateGradientSolver : KrylovSolver
{
    /// <summary>
    /// Products after which a solve is given up, those that try symmetry and measure the residual included; at least 2; default 100.
    /// </summary>
    public override int MaxProducts
    {
        get;
        init => field = value >= 2
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxProducts), value, "Conjugate gradients need a product and one to measure the residual.");
    } = 100;

    /// <inheritdoc/>
    /// <remarks>The cycle throws <see cref="NotSupportedException"/> where the operator is not symmetric.</remarks>
    public override KrylovCycle Begin(Tensor residual) => new ConjugateGradientCycle(residual);
}
