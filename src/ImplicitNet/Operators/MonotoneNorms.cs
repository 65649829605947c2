namespace ImplicitNet.Operators;

/// <summary>
/// Rigorous upper bounds of norms of <c>I - W</c> of a <see cref="MonotoneLayer"/>: dimensionless, NaN where a weight is not finite.
/// </summary>
/// <param name="Whole">Of <c>I - W</c>.</param>
/// <param name="Symmetric">Of its symmetric part, <c>m I + A^T A</c>.</param>
/// <param name="Skew">Of its skew part, <c>B^T - B</c>.</param>
public readonly record struct MonotoneNorms(double Whole, double Symmetric, double Skew)
{
    /// <summary>
    /// beta, with <c>&lt;v, F v> >= beta ||F v||^2</c> for <c>F = I - W</c>: for <c>||v|| = 1</c> and <c>h = &lt;v, F v></c>, at least m,
    /// <c>||F v|| &lt;= sqrt(M h) + s</c>, M and s the norms of the two parts, so that <c>||F v||^2 &lt;= (h / m) (sqrt(m M) + s)^2</c>.
    /// </summary>
    /// <param name="monotonicity">m.</param>
    public double Cocoercivity(double monotonicity)
    {
        double reach = Math.Min(Whole, Math.Sqrt(monotonicity * Symmetric) + Skew);
        return monotonicity / reach / reach;
    }
}
