namespace ImplicitNet.Operators;

/// <summary>A module that knows how far apart it takes two inputs at most.</summary>
public interface ILipschitz
{
    /// <summary>
    /// A rigorous upper bound of the Lipschitz constant over one sample, from L2 to L2, for the weights as they are now, in evaluation
    /// mode: <c>||f(x) - f(y)|| &lt;= L ||x - y||</c> for all x and y.
    /// </summary>
    /// <remarks>
    /// Nothing checks the bound of a module of your own: a <see cref="LipschitzBound"/> says that it is stated by the module.
    /// </remarks>
    /// <returns>Dimensionless, at least 0; NaN where there is none, as of weights that are not finite.</returns>
    double CertifyLipschitz();
}
