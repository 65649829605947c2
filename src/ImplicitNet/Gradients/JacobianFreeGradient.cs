using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Jacobian-Free Backpropagation: <c>w = g</c>, that is, (I - J)^-1 replaced by I. The loss is differentiated through
/// <c>S(R(u*, q))</c> with u* held constant.
/// </summary>
/// <remarks>
/// A descent direction when R contracts in u and its parameter Jacobian is well conditioned (Wu Fung, Heaton, Li, McKenzie, Osher, Yin,
/// AAAI 2022, eq. 16 and Theorem 0.2). Costs one evaluation of the map with its graph, and a backward pass through one layer; memory does
/// not grow with the steps of the solve. The value of the attached latent is R(u*, q), which differs from u* by its residual.
/// </remarks>
public sealed record JacobianFreeGradient : AdjointGradient
{
    /// <inheritdoc/>
    protected internal override string Label => "JFB";

    /// <inheritdoc/>
    protected internal override bool NeedsJacobian => false;

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at) => at.Gradient;
}
