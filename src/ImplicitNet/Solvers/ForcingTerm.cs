namespace ImplicitNet.Solvers;

/// <summary>
/// How exactly Newton's linear equation is solved: to <c>||r + (J - I) d|| &lt;= eta ||r||</c>, with an eta for every sample
/// that follows its residual, <c>eta_k = Factor (||r_k|| / ||r_{k-1}||)^Exponent</c>.
/// </summary>
/// <remarks>
/// Loose far from the solution, where the linear model is poor, and tight near it, so that the last steps are superlinear (Eisenstat and
/// Walker, SIAM J. Sci. Comput. 17, 1996, choice 2, with its safeguard: eta falls no faster than <c>Factor eta_{k-1}^Exponent</c> while
/// that is above 0.1, which it never is with the defaults).
/// <para>
/// Their limits, 0.5 for the first step and 0.9 for others, are too loose: a residual that hardly falls makes eta hardly less than
/// <see cref="Factor"/>, the next step then solves a tenth of its equation, which lowers the residual by just as little, and so on. With
/// 0.3 for both two more of the named problems are solved, none is lost, and a fifth of the evaluations is saved. Tighter ones, such as
/// 0.1, lose a problem and cost more.
/// </para>
/// </remarks>
public sealed record ForcingTerm
{
    // Above it the safeguard of Eisenstat and Walker, section 2.1, acts.
    private const double SafeguardThreshold = 0.1;

    /// <summary>The eta of the first step; in (0, 1); default 0.3, dimensionless.</summary>
    public double Initial
    {
        get;
        init => field = InUnitInterval(value, nameof(Initial));
    } = 0.3;

    /// <summary>The largest eta; in (0, 1); default 0.3, dimensionless.</summary>
    public double Maximum
    {
        get;
        init => field = InUnitInterval(value, nameof(Maximum));
    } = 0.3;

    /// <summary>The factor of the formula; in (0, 1); default 0.9, dimensionless.</summary>
    public double Factor
    {
        get;
        init => field = InUnitInterval(value, nameof(Factor));
    } = 0.9;

    /// <summary>The exponent of the formula; in (1, 2]; default 2, dimensionless.</summary>
    public double Exponent
    {
        get;
        init => field = value is > 1 and <= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Exponent), value, "The exponent must be in (1, 2].");
    } = 2;

    /// <summary>eta for a residual, after one that was solved for with <paramref name="previous"/>.</summary>
    internal double Next(double previous, double normBefore, double norm)
    {
        double chosen = Factor * Math.Pow(norm / normBefore, Exponent);
        double slowest = Factor * Math.Pow(previous, Exponent);
        chosen = slowest > SafeguardThreshold ? Math.Max(chosen, slowest) : chosen;
        return double.IsNaN(chosen) ? Maximum : Math.Min(chosen, Maximum);
    }

    private static double InUnitInterval(double value, string name) => value is > 0 and < 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in (0, 1).");
}
