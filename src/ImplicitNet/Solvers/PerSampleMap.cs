using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>A map that treats every sample by itself: sample <c>i</c> of the result depends on sample <c>i</c> alone.</summary>
/// <remarks>
/// The promise is the caller's. A function that looks across the batch (batch normalisation in training mode, say)
/// belongs in a <see cref="CoupledMap"/>.
/// </remarks>
public sealed class PerSampleMap : FixedPointMap
{
    private readonly Func<Tensor, Tensor?, Tensor> _function;
    private readonly Tensor? _input;
    private readonly IDisposable? _owned;

    /// <summary>A map without an input of its own: <c>u -> function(u)</c>.</summary>
    /// <param name="function">Takes and returns [batch, ...]; called with any batch size.</param>
    public PerSampleMap(Func<Tensor, Tensor> function)
        : this(input: null, owned: null, (latent, _) => function(latent)) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>A map with an input for every sample: <c>u -> function(u, q)</c>.</summary>
    /// <param name="function">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="input">q: [batch, ...]; stays the caller's.</param>
    public PerSampleMap(Func<Tensor, Tensor, Tensor> function, Tensor input)
        : this(function, input, owned: null)
    {
    }

    /// <summary>As above, with something that lives as long as the map: weights prepared for one training step, say.</summary>
    /// <param name="function">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="input">q: [batch, ...]; stays the caller's.</param>
    /// <param name="owned">Disposed with the map.</param>
    public PerSampleMap(Func<Tensor, Tensor, Tensor> function, Tensor input, IDisposable? owned)
        : this(input, owned, (latent, q) => function(latent, q!))
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(input);
    }

    private PerSampleMap(Tensor? input, IDisposable? owned, Func<Tensor, Tensor?, Tensor> function)
    {
        _function = function;
        _input = input;
        _owned = owned;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor latent) => _function(latent, _input);

    /// <inheritdoc/>
    public override FixedPointMap Restrict(Tensor samples)
    {
        Tensor? rows = _input is null ? null : LatentLayout.SelectRows(_input, samples).DetachFromDisposeScope();
        return new PerSampleMap(rows, owned: rows, _function);
    }

    /// <inheritdoc/>
    public override void Dispose() => _owned?.Dispose();
}
