using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The result of one step of a solver: the iterate that was measured, and map(u) - u or map(u).</summary>
/// <remarks>Whoever receives it owns its tensors.</remarks>
public readonly struct FixedPointStep
{
    /// <summary>Creates the result of a step whose residual has been computed.</summary>
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

    /// <summary><c>map(u)</c>, from a solver that does not need the residual itself; otherwise null.</summary>
    public Tensor? Mapped { get; }

    /// <summary>
    /// For every sample, whether the solver rejected this iterate and goes on from an earlier one, so that its residual says nothing about
    /// the sample; empty if none was rejected.
    /// </summary>
    public IReadOnlyList<bool> Rejected { get; }

    /// <summary>
    /// Creates the result of a step of a solver that does not need the residual: the loop only needs its norm, for which it need not be
    /// stored.
    /// </summary>
    /// <param name="latent"><c>u</c>: [batch, ...].</param>
    /// <param name="mapped"><c>map(u)</c>: the shape of <paramref name="latent"/>.</param>
    /// <param name="rejected">See <see cref="Rejected"/>; default: none.</param>
    public static FixedPointStep OfMapped(Tensor latent, Tensor mapped, IReadOnlyList<bool>? rejected = null) =>
        new(latent, residual: null, mapped, rejected ?? []);
}
