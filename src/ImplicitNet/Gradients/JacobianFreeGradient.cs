using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Jacobian-Free Backpropagation: <c>w = g</c>, that is, (I - J)^-1 replaced by I. The loss is differentiated through
/// <c>S(R(u*, q))</c> with u* held constant.
/// </summary>
/// <remarks>
/// A descent direction when R contracts in u and its parameter Jacobian is well conditioned (Wu Fung, Heaton, Li,
/// McKenzie, Osher, Yin, AAAI 2022, eq. 16 and Theorem 0.2). Costs one evaluation of the map with its graph, and as much
/// backward as one layer; memory does not grow with the steps of the solve. The value of the attached latent is
/// R(u*, q), which differs from u* by its residual. Second derivatives are those of S(R(u*, q)) with u* constant, not
/// those of the network: use them only if that is what you mean.
/// </remarks>
public sealed record JacobianFreeGradient : FixedPointGradient
{
    /// <inheritdoc/>
    public override Tensor Attach(FixedPointMap map, FixedPointSolution solution)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(solution);
        return map.Evaluate(solution.Latent);
    }
}
