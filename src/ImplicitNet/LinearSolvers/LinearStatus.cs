namespace ImplicitNet.LinearSolvers;

/// <summary>How a linear solve ended for one sample.</summary>
public enum LinearStatus
{
    /// <summary>The residual met the tolerance.</summary>
    Converged,

    /// <summary>The limit of products came first; the solution is the best of what they span.</summary>
    MaxProductsReached,

    /// <summary>The products span nothing new and the residual is still too large: the operator is singular.</summary>
    Breakdown,

    /// <summary>The right-hand side or a product holds NaN or infinity; the solution is the last finite one.</summary>
    NonFinite,
}
