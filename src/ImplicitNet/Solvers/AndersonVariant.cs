using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>Which secant condition Anderson acceleration meets (Fang and Saad, Numerical Linear Algebra with Applications 2009).</summary>
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

    /// <summary>The differences that the residual is made orthogonal to: [batch, memory, n].</summary>
    internal abstract Tensor Tests(Tensor latentDifferences, Tensor residualDifferences);

    private sealed record TypeTwoVariant : AndersonVariant
    {
        internal override Tensor Tests(Tensor latentDifferences, Tensor residualDifferences) => residualDifferences;
    }

    private sealed record TypeOneVariant : AndersonVariant
    {
        internal override Tensor Tests(Tensor latentDifferences, Tensor residualDifferences) => latentDifferences;
    }
}
