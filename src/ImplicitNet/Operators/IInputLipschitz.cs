namespace ImplicitNet.Operators;

/// <summary>An operator that knows how far R(u, q), or its fixed point, moves with q.</summary>
/// <remarks>
/// In a contraction by gamma in L2 u* moves by at most <c>L / (1 - gamma)</c> for each unit of q, if R moves by at most L. An
/// <see cref="IMonotone"/> operator needs none of this: its u* moves by at most <c>1 / m</c>.
/// </remarks>
public interface IInputLipschitz
{
    /// <summary>
    /// A rigorous upper bound of the Lipschitz constant of R in q, from L2 to L2 over one sample, for the weights as they are now and for
    /// every u; dimensionless, NaN where there is none. Of an operator of your own nothing checks it.
    /// </summary>
    double CertifyInputLipschitz();

    /// <summary>
    /// A rigorous upper bound of the Lipschitz constant of u* in q, from L2 to L2 over one sample, for the weights as they are now, where
    /// more is known of it than <c>L / (1 - gamma)</c>; dimensionless, NaN, the default, where not. Of an operator of your own nothing
    /// checks it.
    /// </summary>
    double CertifyFixedPointLipschitz() => double.NaN;
}
