namespace ImplicitNet.Solvers;

/// <summary>
/// Shortens a step until <c>||r(u + a d)|| &lt;= (1 - SufficientDecrease a) R</c>, r(u) = map(u) - u and R the largest
/// residual of the last <see cref="History"/> steps, for every sample by itself.
/// </summary>
/// <remarks>
/// The share a of a step starts at 1 and is then placed at the minimum of the parabola through the two squared residuals whose slope at 0
/// is that of an exact Newton step, <c>-2 ||r||^2</c>, kept within [0.1, 0.5] of the share before (Dennis and Schnabel, 1983, section
/// 6.3.2). A trial is one evaluation of the samples that need it, and of no others. A residual that is not finite never passes.
/// </remarks>
public sealed record LineSearch
{
    // The bounds of Dennis and Schnabel, section 6.3.2.
    private const double ShortestCut = 0.1;
    private const double LongestCut = 0.5;

    /// <summary>Grippo, Lampariello and Lucidi, section 4.</summary>
    internal const int DefaultHistory = 10;

    /// <summary>
    /// The required share of the decrease that a linear model promises; in (0, 1); default 1e-4, dimensionless (Armijo, 1966).
    /// </summary>
    public double SufficientDecrease
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SufficientDecrease), value, "The sufficient decrease must be in (0, 1).");
    } = 1e-4;

    /// <summary>The number of evaluations that a sample may take for one step, the full step included; at least 1; default 8.</summary>
    public int MaxTrials
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxTrials), value, "The line search needs at least 1 trial.");
    } = 8;

    /// <summary>
    /// The number of steps over which the residual must not have risen; with 1, every step has to lower it; at least 1; default 10 (Grippo,
    /// Lampariello and Lucidi, SIAM J. Numer. Anal. 23, 1986). On the test problems 10 needs a quarter of the evaluations that 1 needs with
    /// quasi-Newton directions, which descend only once they have learned, and no more than 1 with Newton's, which then pass curved valleys
    /// at full length.
    /// </summary>
    public int History
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(History), value, "The history must be at least 1 step.");
    } = DefaultHistory;

    /// <summary>True when a step of this share brought enough.</summary>
    internal bool Suffices(double share, double before, double after) => after <= (1 - (SufficientDecrease * share)) * before;

    /// <summary>The share to try after one that did not suffice.</summary>
    internal static double Shorter(double share, double before, double after)
    {
        // In units of the residual before, so that no square overflows.
        double ratio = after / before;
        double best = share * share / ((ratio * ratio) - 1 + (2 * share));
        return double.IsFinite(ratio) && best > ShortestCut * share ? Math.Min(best, LongestCut * share) : ShortestCut * share;
    }
}
