namespace ImplicitNet.LinearSolvers;

/// <summary>How a linear solve ended for one sample.</summary>
public enum LinearStatus
{
    /// <summary>The residual met the tolerance.</summary>
    Converged,

    /// <summary>The limit of products came first; the solution is the best so far, and the residual may still have been falling.</summary>
    MaxProductsReached,

    /// <summary>
    /// The residual stopped falling: the tolerance is below what the dtype resolves, or the method cannot solve this operator.
    /// </summary>
    Stalled,

    /// <summary>
    /// The products span nothing new and the residual is still too large: the operator is singular, or nearly so for the method, such as
    /// one that is not positive for <see cref="ConjugateGradientSolver"/>.
    /// </summary>
    Breakdown,

    /// <summary>The residual grew far beyond the best one: the method does not converge for this operator.</summary>
    Diverged,

    /// <summary>The right-hand side or a product holds NaN or infinity; the solution is the last finite one.</summary>
    NonFinite,
}
