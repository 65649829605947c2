using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.QuasiNewton;

namespace ImplicitNet.Solvers;

/// <summary>How Newton's method computes its products with the Jacobian <c>J = d map / du</c>.</summary>
public abstract record JacobianProduct
{
    /// <summary>The operators <c>v -> v - J v</c> of all rows, at the iterate where they stand. The caller owns it.</summary>
    internal abstract LinearOperator Linearize(IterateRows rows);
}
