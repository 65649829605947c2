namespace ImplicitNet.Certification;

/// <summary>
/// The verdict of a certificate, from the direction and length of the batch's parameter gradient compared with the exact one.
/// </summary>
public enum Verdict
{
    /// <summary>
    /// Cosine at least 0.9 (26 degrees): a step achieves at least nine tenths of the exact gradient's decrease; and a relative error of at
    /// most 0.75, so that its length is not far off. Every solve that counts converged.
    /// </summary>
    Good,

    /// <summary>
    /// Cosine at least 0.5 (60 degrees), or at least 0.9 where the length is far off or a solve that counts did not converge.
    /// </summary>
    Doubtful,

    /// <summary>Cosine below 0.5, or not a number.</summary>
    Misleading,

    /// <summary>
    /// The reference itself is not exact enough (relative residual above 0.01 for a sample), no sample counts, no sample that counts
    /// converged, or no implicit solve was made: nothing is known.
    /// </summary>
    Unknown,
}
