using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>What one step of a solver hands to the loop. Whoever receives it owns both tensors.</summary>
/// <param name="Latent">The iterate <c>u</c> that was measured: [batch, ...].</param>
/// <param name="Residual"><c>map(u) - u</c>: the shape and memory layout of <c>map(u)</c>.</param>
public readonly record struct FixedPointStep(Tensor Latent, Tensor Residual);
