using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>A map that treats every sample by itself: sample <c>i</c> of the result depends on sample <c>i</c> alone.</summary>
/// <remarks>
/// The promise is the caller's. A function that looks across the batch (batch normalisation in training mode, say)
/// belongs in a <see cref="CoupledMap"/>.
/// </remarks>
public sealed class PerSampleMap : FixedPointMap
{
    private readonly Func<Tensor, Tensor?, IReadOnlyList<Tensor>, Tensor> _function;
    private readonly Tensor? _input;
    private readonly IReadOnlyList<Tensor> _weights;
    private readonly IReadOnlyList<IDisposable> _owned;

    /// <summary>A map without an input of its own: <c>u -> function(u)</c>.</summary>
    /// <param name="function">Takes and returns [batch, ...]; called with any batch size.</param>
    public PerSampleMap(Func<Tensor, Tensor> function)
        : this((latent, _, _) => function(latent), input: null, weights: [], parameters: null, owned: []) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>A map with an input for every sample: <c>u -> function(u, q)</c>.</summary>
    /// <param name="function">Takes u: [batch, ...] and q: [batch, ...], returns the shape of u; called with any batch size.</param>
    /// <param name="input">q: [batch, ...]; stays the caller's.</param>
    /// <param name="owned">Disposed with the map: q itself, say.</param>
    public PerSampleMap(Func<Tensor, Tensor, Tensor> function, Tensor input, IDisposable? owned = null)
        : this((latent, q, _) => function(latent, q!), input, weights: [], parameters: null, owned: owned is null ? [] : [owned])
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(input);
    }

    /// <summary>As above, for a function that says what else it computes with.</summary>
    /// <param name="function">Takes u: [batch, ...], q: [batch, ...] and the weights, returns the shape of u; called with any batch size.</param>
    /// <param name="input">q: [batch, ...]; stays the caller's.</param>
    /// <param name="weights">Tensors that all samples share, prepared for this solve. Owned by the map from now on.</param>
    /// <param name="parameters">The parameters that the function reaches by itself, and no others; they stay the caller's.</param>
    public PerSampleMap(
        Func<Tensor, Tensor, IReadOnlyList<Tensor>, Tensor> function, Tensor input, IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor> parameters)
        : this((latent, q, shared) => function(latent, q!, shared), input, weights, parameters, owned: weights)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(parameters);
        if (weights.Contains(null!) || parameters.Contains(null!))
        {
            throw new ArgumentException("A weight or a parameter is null.", weights.Contains(null!) ? nameof(weights) : nameof(parameters));
        }
    }

    private PerSampleMap(
        Func<Tensor, Tensor?, IReadOnlyList<Tensor>, Tensor> function,
        Tensor? input,
        IReadOnlyList<Tensor> weights,
        IReadOnlyList<Tensor>? parameters,
        IReadOnlyList<IDisposable> owned)
    {
        _function = function;
        _input = input;
        _weights = weights;
        _owned = owned;
        Parameters = parameters;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Inputs => _input is null ? _weights : [_input, .. _weights];

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor>? Parameters { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Torch refuses an operation of the function.</exception>
    public override Tensor Evaluate(Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latent);
        return LatentContract.Guarded(this, latent, static (map, latent) => map._function(latent, map._input, map._weights));
    }

    /// <inheritdoc/>
    public override FixedPointMap Restrict(Tensor samples)
    {
        Tensor? rows = _input is null ? null : LatentLayout.SelectRows(_input, samples).DetachFromDisposeScope();
        return new PerSampleMap(_function, rows, _weights, Parameters, owned: rows is null ? [] : [rows]) { IsOwn = IsOwn };
    }

    /// <inheritdoc/>
    public override FixedPointMap With(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return _input is null
            ? new PerSampleMap(_function, input: null, inputs, Parameters, owned: []) { IsOwn = IsOwn }
            : new PerSampleMap(_function, inputs[0], [.. inputs.Skip(1)], Parameters, owned: []) { IsOwn = IsOwn };
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }
}
