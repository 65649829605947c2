namespace ImplicitNet.Certification;

/// <summary>What a certificate comes to, from direction and length of the batch's parameter gradient against the exact one.</summary>
public enum Verdict
{
    /// <summary>
    /// Cosine at least 0.9 (26 degrees): a step makes nine tenths or more of the exact gradient's decrease; and relative error at most
    /// 0.75, so that its length is not far off. Every solve that counts converged.
    /// </summary>
    Good,

    /// <summary>
    /// Cosine at least 0.5 (60 degrees), or at least 0.9 where the length is far off or a solve that counts did not converge.
    /// </summary>
    Doubtful,

    /// <summary>Cosine below 0.5, or not a number.</summary>
    Misleading,

    /// <summary>
    /// The reference itself is not exact enough (relative residual above 0.01 for a sample), no sample counts, none that counts converged,
    /// or no implicit solve was made: nothing is known.
    /// </summary>
    Unknown,
}
