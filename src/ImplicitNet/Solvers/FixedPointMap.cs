using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// The map <c>u -> R(u, q)</c> with <c>q</c> held fixed, whose fixed point <c>u* = R(u*, q)</c> a solver finds.
/// </summary>
/// <remarks>
/// <see cref="PerSampleMap"/> and <see cref="CoupledMap"/> wrap a function; operators return maps of their own from
/// <c>Bind</c>. A map is used by one solve at a time and is not thread-safe.
/// </remarks>
public abstract class FixedPointMap : IDisposable
{
    /// <summary>
    /// True when the value of a sample depends on that sample alone. Only then may finished samples leave the batch.
    /// </summary>
    public abstract bool IsPerSample { get; }

    /// <summary>
    /// Whether the library wrote this map, and it is known to write into no tensor that it is given or has returned; a solver gives any
    /// other a copy of u, and takes a copy of its value.
    /// </summary>
    internal bool IsOwn { get; init; }

    /// <summary>One application of the map: one evaluation for every sample of the batch.</summary>
    /// <param name="latent"><c>u</c>: [batch, ...], any floating-point dtype and device; not changed.</param>
    /// <returns><c>R(u, q)</c>: the shape, dtype and device of <paramref name="latent"/>. The caller owns it.</returns>
    public abstract Tensor Evaluate(Tensor latent);

    /// <summary>The same map on some samples of the batch, in the order given.</summary>
    /// <param name="samples">Positions in the batch: [count], int64, on the device of the latents.</param>
    /// <returns>A map for latents of batch size <c>count</c>. The caller owns it; it must not outlive this one.</returns>
    /// <exception cref="InvalidOperationException">The map is not per-sample.</exception>
    public abstract FixedPointMap Restrict(Tensor samples);

    /// <summary>
    /// The tensors beside u that the map computes with and was given or has prepared: q, and weights normalised once a
    /// solve. A gradient keeps them, and evaluates the map again after this object has been disposed.
    /// </summary>
    public abstract IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>
    /// The parameters beside <see cref="Inputs"/> that a graph through the map ends at; null where the map cannot know, as
    /// for a function that the caller wrote.
    /// </summary>
    public abstract IReadOnlyList<Tensor>? Parameters { get; }

    /// <summary>The same map with other tensors in the place of its <see cref="Inputs"/>.</summary>
    /// <param name="inputs">As many, with the same shapes; they stay the caller's and must outlive the map.</param>
    /// <returns>A map of its own, which may outlive this one. The caller owns it.</returns>
    public abstract FixedPointMap With(IReadOnlyList<Tensor> inputs);

    /// <summary>Releases the tensors that the map owns; never those that it was given.</summary>
    public abstract void Dispose();
}
