namespace ImplicitNet.Certification;

/// <summary>What is known of a condition number.</summary>
public enum ConditionStatus
{
    /// <summary>Both extreme eigenvalues have settled to 1 %, or the whole space was searched.</summary>
    Converged,

    /// <summary>The steps ran out: the true number is at least the one given.</summary>
    LowerBound,

    /// <summary>The smallest eigenvalue is zero: there are fewer parameters than latents, or it is below what the dtype resolves.</summary>
    RankDeficient,
}
