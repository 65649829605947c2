using ImplicitNet.Solvers;

namespace ImplicitNet.Operators;

/// <summary>An operator that contracts in u by construction.</summary>
public interface IContraction
{
    /// <summary>The factor gamma that the construction aims at, in [0, 1), dimensionless.</summary>
    double DeclaredFactor { get; }

    /// <summary>
    /// The norm, over the latent of a sample, in which the operator contracts: that of both factors. Default: L2. Bounds that hold in L2
    /// alone, such as those of gradient certificates, take no factor in another norm.
    /// </summary>
    ResidualNorm Norm => ResidualNorm.L2;

    /// <summary>
    /// A rigorous upper bound of the Lipschitz constant in u, for the weights as they are now and for all u and q, in <see cref="Norm"/>;
    /// dimensionless. Nothing checks the bound of an operator of your own: reports say that it is stated by the operator, and compare it
    /// with what they measure.
    /// </summary>
    double CertifyFactor();
}
