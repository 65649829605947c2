using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// The last iterate and residual of every sample and the last differences of both, in a ring of slots, and the arithmetic of Anderson
/// acceleration on them: <c>u + b f - (dU + b dF) gamma</c>. Owns its tensors.
/// </summary>
internal abstract class SecantHistory : IDisposable
{
    /// <summary>
    /// The one for latents of this kind: a pass over memory for all of it on the processor, torch's operations elsewhere.
    /// </summary>
    /// <param name="start">The first iterate.</param>
    /// <param name="options">Memory, mixing and variant.</param>
    public static SecantHistory Of(Tensor start, AndersonSolver options) => (start.device_type, start.dtype) switch
    {
        (DeviceType.CPU, ScalarType.Float32) when IsHeld(start, options) => new HostSecantHistory<float>(options),
        (DeviceType.CPU, ScalarType.Float64) when IsHeld(start, options) => new HostSecantHistory<double>(options),
        _ => new TensorSecantHistory(options),
    };

    /// <summary>
    /// What is left of the square of a difference that depends on newer ones, as a share of it: rounding, and no difference.
    /// </summary>
    /// <param name="precision">Of the latents.</param>
    public abstract double Dependence(Precision precision);

    /// <summary>
    /// Takes note of an iterate and what the map made of it, and combines all into the next one. A sample whose step is taken back makes
    /// the mixed step, or a share of the same one, from its last point instead, which it keeps.
    /// </summary>
    /// <param name="latent">u: [batch, n].</param>
    /// <param name="mapped">map(u): [batch, n].</param>
    /// <param name="choices">Each chooses the steps of one sample, also at once from several threads.</param>
    /// <returns>
    /// The next iterate, [batch, n], in the caller's dispose scope; and which samples' steps were taken back, empty where none was.
    /// </returns>
    public abstract (Tensor Next, bool[] Rejected) Advance(Tensor latent, Tensor mapped, IReadOnlyList<ISecantChoice> choices);

    /// <summary>Keeps some samples only.</summary>
    /// <param name="samples">Positions in the batch as it is now: [count], int64.</param>
    public abstract void Restrict(Tensor samples);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Whether memory holds it as one piece, where it is on the processor.</summary>
    public static bool IsHeld(Tensor start, AndersonSolver options) => TensorMemory.Holds(start.numel() * options.Memory, start.dtype);
}
