using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A map whose samples depend on each other, such as one with batch normalisation in training mode. The solver treats
/// the whole batch as one system with one residual: all samples get one status, and none leaves before the others.
/// </summary>
public sealed class CoupledMap : FixedPointMap
{
    private readonly Func<Tensor, IReadOnlyList<Tensor>, Tensor> _function;

    /// <summary>Wraps a function of the whole batch.</summary>
    /// <param name="function">Takes and returns [batch, ...].</param>
    public CoupledMap(Func<Tensor, Tensor> function)
        : this((latent, _) => function(latent), [], parameters: null) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>A function of the whole batch that says what it computes with.</summary>
    /// <param name="function">Takes u: [batch, ...] and the inputs, returns the shape of u.</param>
    /// <param name="inputs">The first argument's companions, q first; they stay the caller's.</param>
    /// <param name="parameters">The parameters that the function reaches by itself; null where unknown.</param>
    public CoupledMap(Func<Tensor, IReadOnlyList<Tensor>, Tensor> function, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor>? parameters)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Contains(null!))
        {
            throw new ArgumentException("An input is null.", nameof(inputs));
        }

        _function = function;
        Inputs = inputs;
        Parameters = parameters;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => false;

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Inputs { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor>? Parameters { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Torch refuses an operation of the function.</exception>
    public override Tensor Evaluate(Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latent);
        return LatentContract.Guarded(this, latent, static (map, latent) => map._function(latent, map.Inputs));
    }

    /// <inheritdoc/>
    public override FixedPointMap Restrict(Tensor samples) =>
        throw new InvalidOperationException("A map whose samples depend on each other has no restriction to some of them.");

    /// <inheritdoc/>
    public override FixedPointMap With(IReadOnlyList<Tensor> inputs) => new CoupledMap(_function, inputs, Parameters) { IsOwn = IsOwn };

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
