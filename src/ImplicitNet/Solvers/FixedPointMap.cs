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
    /// <summary>Creates a map with these inputs.</summary>
    /// <param name="inputs">The tensors, other than u, that it computes with. The map owns them from now on and disposes them.</param>
    protected FixedPointMap(MapInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        Inputs = inputs;
    }

    /// <summary>The tensors, other than u, that the map computes with. The map disposes them.</summary>
    public MapInputs Inputs { get; }

    /// <summary>
    /// True when the value of a sample depends on that sample alone. Only then may finished samples leave the batch.
    /// </summary>
    public abstract bool IsPerSample { get; }

    /// <summary>
    /// What a residual of this map says of the distance to its fixed point, which reports then state for every sample; null, the default,
    /// where nothing is known. It holds for all samples and for every q; <see cref="With"/> gives it to the maps that it makes.
    /// </summary>
    public ErrorBound? ErrorBound
    {
        get;
        init => field = value is null or { PerResidual: > 0 and < double.PositiveInfinity, Norm: not null }
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ErrorBound), value, "A bound is a finite number above 0 in some norm.");
    }

    /// <summary>
    /// Whether the library wrote this map, and it is known to write into no tensor that it is given or has returned; a solver gives any
    /// other a copy of u, and takes a copy of its value.
    /// </summary>
    internal bool IsOwn { get; init; }

    /// <summary>
    /// Whether the Jacobian in u is known to be symmetric at every u, as that of a step down a gradient is: products with it are those with
    /// its transpose.
    /// </summary>
    internal bool IsSymmetric { get; init; }

    /// <summary>One application of the map: one evaluation for every sample of the batch.</summary>
    /// <param name="latent"><c>u</c>: [batch, ...], any floating-point dtype and device; not changed.</param>
    /// <returns><c>R(u, q)</c>: the shape, dtype and device of <paramref name="latent"/>. The caller owns it.</returns>
    public abstract Tensor Evaluate(Tensor latent);

    /// <summary>The same map with other inputs: those of some samples, or those that a gradient kept.</summary>
    /// <param name="inputs">As many as <see cref="Inputs"/>, for any batch size. The new map owns and disposes them.</param>
    /// <returns>A new map, which may outlive this one. The caller owns it.</returns>
    public abstract FixedPointMap With(MapInputs inputs);

    /// <summary>The same map on some samples of the batch, in the order given.</summary>
    /// <param name="samples">Positions in the batch: [count], int64, on the device of the latents.</param>
    /// <returns>A map for latents of batch size <c>count</c>. The caller owns it; it must not outlive this one.</returns>
    /// <exception cref="InvalidOperationException">The map is not per-sample, or cannot be given other inputs.</exception>
    public FixedPointMap Restrict(Tensor samples)
    {
        if (!IsPerSample)
        {
            throw new InvalidOperationException("A map whose samples depend on each other has no restriction to some of them.");
        }

        return With(Inputs.Restrict(samples))
            ?? throw new InvalidOperationException("The map with the inputs of some samples, With, is null.");
    }

    /// <summary>Releases the tensors that the map owns; never those that it was given.</summary>
    public virtual void Dispose()
    {
        Inputs.Dispose();
        GC.SuppressFinalize(this);
    }
}
