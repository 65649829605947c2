using ImplicitNet.Solvers;

namespace ImplicitNet.Operators;

/// <summary>How far u* moves at most, in L2 over one sample, for each unit that q moves in L2.</summary>
/// <remarks>
/// Of a contraction by gamma whose R moves by L for each unit of q: <c>||u - v|| &lt;= gamma ||u - v|| + L ||q - p||</c>, so
/// <c>L / (1 - gamma)</c>. Of a monotone operator <c>1 / m</c> (Winston and Kolter, NeurIPS 2020).
/// </remarks>
internal static class LatentBound
{
    // Covers the rounding of a factor and of the division.
    private const double Rounding = 1 + 1e-11;

    private const string NotKnown =
        $"how R(u, q) moves with q is not known; an operator that knows says so by {nameof(IInputLipschitz)}";

    /// <summary>The bound.</summary>
    /// <param name="latentOperator">R.</param>
    /// <param name="shape">Of q, and of u*, without the batch; null where it is not known.</param>
    /// <param name="name">Of R, in the network.</param>
    public static LipschitzBound Of(LatentOperator latentOperator, long[]? shape, string name)
    {
        Type inner = ((latentOperator as ExplicitOperator)?.Operator ?? latentOperator).GetType();
        bool isStated = inner.Assembly != typeof(LatentOperator).Assembly;
        return LipschitzBound.Of($"{name} ({latentOperator.GetType().Name})", Of(latentOperator, shape), isStated);
    }

    /// <summary>An upper bound of the Lipschitz constant of R in u, in L2; NaN where it is not known.</summary>
    public static double EuclideanFactor(LatentOperator latentOperator) => latentOperator switch
    {
        ContractionOperator own => own.CertifyEuclideanFactor(),
        IContraction contraction when contraction.Norm.Equals(ResidualNorm.L2) => contraction.CertifyFactor(),
        _ => double.NaN,
    };

    private static LayerBound Of(LatentOperator latentOperator, long[]? shape)
    {
        IInputLipschitz? input = latentOperator as IInputLipschitz;
        (IMonotone? monotone, IContraction? contraction) = (latentOperator as IMonotone, latentOperator as IContraction);
        double ofInput = input?.CertifyInputLipschitz() ?? double.NaN;
        double[] bounds =
        [
            input?.CertifyFixedPointLipschitz() ?? double.NaN,
            monotone?.CertifyMonotonicity() is { } m && m > 0 ? Rounding / m : double.NaN,
            ofInput * Amplified(EuclideanFactor(latentOperator)),
            ofInput * (contraction is null ? double.NaN : InOwnNorm(latentOperator, contraction, shape)),
        ];
        double[] known = [.. bounds.Where(double.IsFinite)];
        return known.Length > 0 ? LayerBound.Of(known.Min(), shape)
            : monotone is not null ? LayerBound.None("its weights are not finite, or its monotonicity is not above 0")
            : contraction is null
                ? LayerBound.None("it is neither a contraction nor monotone, so nothing bounds how far its fixed point moves")
            : double.IsNaN(ofInput) ? LayerBound.None(NotKnown)
            : LayerBound.None("its weights are not finite, or it contracts in a norm that says nothing of L2");
    }

    /// <summary>1 / (1 - gamma); infinity where that is no bound.</summary>
    private static double Amplified(double factor) => factor is >= 0 and < 1 ? Rounding / (1 - factor) : double.PositiveInfinity;

    /// <summary>
    /// The bound by way of a maximum norm, weighted or not, in which the library's own contraction contracts: an elementwise activation
    /// lengthens nothing in any of them. Infinity where it does not apply.
    /// </summary>
    private static double InOwnNorm(LatentOperator latentOperator, IContraction contraction, long[]? shape)
    {
        if (latentOperator is not ContractionOperator || shape is null || contraction.Norm.Equals(ResidualNorm.L2))
        {
            return double.PositiveInfinity;
        }

        long count = shape.Aggregate(1L, (product, side) => product * side);
        return ErrorBound.Between(contraction.Norm, ResidualNorm.L2, count) is { } into
            && ErrorBound.Between(ResidualNorm.L2, contraction.Norm, count) is { } back
            ? into * back * Amplified(contraction.CertifyFactor())
            : double.PositiveInfinity;
    }
}
