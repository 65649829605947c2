using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A map whose samples depend on each other, such as one with batch normalisation in training mode. The solver treats the whole batch as
/// one system with one residual: all samples get the same status, and none leaves before the others.
/// </summary>
public sealed class CoupledMap : FixedPointMap
{
    private readonly Func<Tensor, MapInputs, Tensor> _function;

    /// <summary>Wraps a function of the whole batch.</summary>
    /// <param name="function">Takes and returns [batch, ...].</param>
    public CoupledMap(Func<Tensor, Tensor> function)
        : this((latent, _) => function(latent), MapInputs.None) =>
        ArgumentNullException.ThrowIfNull(function);

    /// <summary>Wraps a function of the whole batch that declares what it computes with.</summary>
    /// <param name="function">Takes u: [batch, ...] and the inputs, returns the shape of u.</param>
    /// <param name="inputs">What it computes with; disposed with the map.</param>
    public CoupledMap(Func<Tensor, MapInputs, Tensor> function, MapInputs inputs)
        : base(inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => false;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Torch refuses an operation of the function.</exception>
    public override Tensor Evaluate(Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latent);
        return LatentContract.Guarded(this, latent, static (map, latent) => map._function(latent, map.Inputs));
    }

    /// <inheritdoc/>
    public override FixedPointMap With(MapInputs inputs) => new CoupledMap(_function, inputs) { IsOwn = IsOwn, ErrorBound = ErrorBound };
}
