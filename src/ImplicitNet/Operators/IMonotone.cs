namespace ImplicitNet.Operators;

/// <summary>
/// An operator <c>R(u, q) = act(W u + q)</c> with <c>I - W</c> strongly monotone: one fixed point for every q, whatever the weights.
/// </summary>
public interface IMonotone
{
    /// <summary>m, by construction: <c>&lt;v, (I - W) v> >= m ||v||^2</c> for every v; above 0, dimensionless.</summary>
    double Monotonicity { get; }

    /// <summary>
    /// A rigorous lower bound of m for the weights as they are applied now, computed in float64; NaN when a weight is not finite.
    /// </summary>
    double CertifyMonotonicity();

    /// <summary>
    /// A rigorous upper bound of <c>||I - W||</c> for the weights as they are applied now; NaN when a weight is not finite.
    /// </summary>
    double BoundLipschitz();
}
