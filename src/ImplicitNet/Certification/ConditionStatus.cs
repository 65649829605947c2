namespace ImplicitNet.Certification;

/// <summary>How well a condition number is known.</summary>
public enum ConditionStatus
{
    /// <summary>Both extreme eigenvalues have settled to 1 %, or the whole space was searched.</summary>
    Converged,

    /// <summary>The steps ran out: the true number is at least the one given.</summary>
    LowerBound,

    /// <summary>
    /// The smallest eigenvalue is zero: there are fewer parameters than latents, or the eigenvalue is below what the dtype resolves.
    /// </summary>
    RankDeficient,
}
