namespace ImplicitNet.Solvers;

/// <summary>
/// What a residual says of the distance to the fixed point: <c>||u - u*|| &lt;= PerResidual ||R(u) - u||</c> in one norm, for every u.
/// </summary>
/// <remarks>
/// A contraction by gamma has <c>PerResidual = 1 / (1 - gamma)</c>. That is for u, the latent that is returned and whose residual is
/// reported; R(u), one evaluation further on, is within <c>gamma / (1 - gamma)</c> of the same residual. Banach (1922).
/// <para>
/// It holds for exact arithmetic: the rounding of the evaluation that measured the residual, about 1e-7 of ||u|| in float32, is not in it.
/// </para>
/// </remarks>
/// <param name="PerResidual">The distance for each unit of residual: above 0 and finite, dimensionless.</param>
/// <param name="Norm">The norm of both, over the latent of a sample; of a map that couples its samples, over all of them.</param>
public readonly record struct ErrorBound(double PerResidual, ResidualNorm Norm)
{
    /// <summary>That of a contraction.</summary>
    /// <param name="factor">gamma, in [0, 1).</param>
    /// <param name="norm">In which it contracts.</param>
    internal static ErrorBound OfContraction(double factor, ResidualNorm norm) => new(1 / (1 - factor), norm);

    /// <summary>
    /// The bound of the distance, in <see cref="Norm"/>, for each unit of a residual that is measured in another norm: exact in the same
    /// one, else with the least constant between the two.
    /// </summary>
    /// <param name="measured">The norm of the residual.</param>
    /// <param name="count">Elements of a latent.</param>
    /// <returns>Null where nothing is known between the two: one is from outside the library.</returns>
    internal double? PerUnitOf(ResidualNorm measured, long count) =>
        Norm.Equals(measured) ? PerResidual : Between(Norm, measured, count) is { } constant ? PerResidual * constant : null;

    /// <summary>
    /// The least c with <c>norm(r) &lt;= c other(r)</c> for every r of so many elements. Both are <c>max w_i ||r_i||</c> over parts. Where
    /// the other is 1, a part is as long as the root of <c>sum 1 / w_j^2</c> over the other's parts that it meets, with an element in each.
    /// </summary>
    internal static double? Between(ResidualNorm norm, ResidualNorm other, long count)
    {
        if (count == 0 || norm.PartsOf(count) is not { } parts || other.PartsOf(count) is not { } others)
        {
            return null;
        }

        double least = 0;
        (int met, long metBegin, long begin) = (0, 0, 0);
        foreach ((long size, double weight) in parts)
        {
            double squares = 0;
            while (true)
            {
                squares += 1 / (others[met].Weight * others[met].Weight);
                if (metBegin + others[met].Size >= begin + size)
                {
                    break;
                }

                metBegin += others[met++].Size;
            }

            begin += size;
            if (metBegin + others[met].Size == begin)
            {
                metBegin += others[met++].Size;
            }

            least = Math.Max(least, weight * Math.Sqrt(squares));
        }

        return least;
    }
}
