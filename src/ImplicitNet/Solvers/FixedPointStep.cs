using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>What one step of a solver hands to the loop: the iterate that was measured, and map(u) - u or map(u).</summary>
/// <remarks>Whoever receives it owns its tensors.</remarks>
public readonly struct FixedPointStep
{
    /// <summary>A step of a solver that has computed the residual.</summary>
    /// <param name="latent"><c>u</c>: [batch, ...].</param>
    /// <param name="residual"><c>map(u) - u</c>: the shape and memory layout of <c>map(u)</c>.</param>
    /// <param name="rejected">See <see cref="Rejected"/>; default: none.</param>
    public FixedPointStep(Tensor latent, Tensor residual, IReadOnlyList<bool>? rejected = null)
        : this(latent, residual, mapped: null, rejected ?? [])
    {
    }

    private FixedPointStep(Tensor latent, Tensor? residual, Tensor? mapped, IReadOnlyList<bool> rejected)
    {
        Latent = latent;
        Residual = residual;
        Mapped = mapped;
        Rejected = rejected;
    }

    /// <summary>The iterate <c>u</c> that was measured: [batch, ...].</summary>
    public Tensor Latent { get; }

    /// <summary><c>map(u) - u</c>: the shape and memory layout of <c>map(u)</c>; null where <see cref="Mapped"/> is given.</summary>
    public Tensor? Residual { get; }

    /// <summary><c>map(u)</c>, from a solver that has no use for the residual itself; else null.</summary>
    public Tensor? Mapped { get; }

    /// <summary>
    /// For every sample whether the solver took this iterate back and goes on from an earlier one, so that its residual says
    /// nothing of the sample; empty when none was.
    /// </summary>
    public IReadOnlyList<bool> Rejected { get; }

    /// <summary>
    /// A step of a solver that has no use for the residual: the loop wants its norm alone, for which it need not be stored.
    /// </summary>
    /// <param name="latent"><c>u</c>: [batch, ...].</param>
    /// <param name="mapped"><c>map(u)</c>: the shape of <paramref name="latent"/>.</param>
    /// <param name="rejected">See <see cref="Rejected"/>; default: none.</param>
    public static FixedPointStep OfMapped(Tensor latent, Tensor mapped, IReadOnlyList<bool>? rejected = null) =>
        new(latent, residual: null, mapped, rejected ?? []);
}
