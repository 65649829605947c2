using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>What one step of a solver hands to the loop. Whoever receives it owns both tensors.</summary>
/// <param name="Latent">The iterate <c>u</c> that was measured: [batch, ...].</param>
/// <param name="Residual"><c>map(u) - u</c>: the shape and memory layout of <c>map(u)</c>.</param>
/// <param name="Rejected">
/// For every sample whether the solver took this iterate back and goes on from an earlier one, so that its residual says
/// nothing of the sample; empty when none was.
/// </param>
public readonly record struct FixedPointStep(Tensor Latent, Tensor Residual, IReadOnlyList<bool> Rejected)
{
    /// <summary>A step that was not taken back for any sample.</summary>
    public FixedPointStep(Tensor latent, Tensor residual)
        : this(latent, residual, [])
    {
    }
}
