namespace ImplicitNet.Solvers;

/// <summary>
/// The secant condition that Anderson acceleration meets (Fang and Saad, Numerical Linear Algebra with Applications 2009).
/// </summary>
public abstract record AndersonVariant
{
    /// <summary>
    /// Type II, the usual one: the combination whose linearised residual is least, <c>min ||f - dF gamma||</c>; the multisecant
    /// form of Broyden's bad method. Robust.
    /// </summary>
    public static AndersonVariant TypeTwo { get; } = new TypeTwoVariant();

    /// <summary>
    /// Type I: <c>dU^T (f - dF gamma) = 0</c>; the multisecant form of Broyden's good method. Often fewer steps, less robust.
    /// </summary>
    public static AndersonVariant TypeOne { get; } = new TypeOneVariant();

    /// <summary>Whether the tests are the differences of residuals, so that test_i . dF_j is a symmetric matrix.</summary>
    internal abstract bool IsSymmetric { get; }

    /// <summary>The differences that the residual is made orthogonal to: the first or the second.</summary>
    internal abstract TDifferences Tests<TDifferences>(TDifferences latentDifferences, TDifferences residualDifferences)
        where TDifferences : allows ref struct;

    private sealed record TypeTwoVariant : AndersonVariant
    {
        internal override bool IsSymmetric => true;

        internal override TDifferences Tests<TDifferences>(TDifferences latentDifferences,
            TDifferences residualDifferences) => residualDifferences;
    }

    private sealed record TypeOneVariant : AndersonVariant
    {
        internal override bool IsSymmetric => false;

        internal override TDifferences Tests<TDifferences>(TDifferences latentDifferences,
            TDifferences residualDifferences) => latentDifferences;
    }
}
