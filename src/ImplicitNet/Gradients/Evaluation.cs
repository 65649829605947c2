using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>Applications of a map that leave the latent as it is.</summary>
internal static class Evaluation
{
    /// <summary>
    /// R(u, q), in the graph where gradients are enabled. A map may write into its argument (<c>u.mul_(0.5).add_(q)</c>), and the latent
    /// here is u* itself, or a tensor that the gradient needs once more. Costs a copy of u.
    /// </summary>
    /// <param name="map">The map.</param>
    /// <param name="latent">u: [batch, ...]; not changed.</param>
    /// <returns>[batch, ...]; it belongs to the dispose scope in force.</returns>
    public static Tensor OnCopy(FixedPointMap map, Tensor latent) => map.Evaluate(latent.clone());
}
