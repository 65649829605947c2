using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A map whose samples depend on each other, such as one with batch normalisation in training mode. The solver treats
/// the whole batch as one system with one residual: all samples get one status, and none leaves before the others.
/// </summary>
public sealed class CoupledMap : FixedPointMap
{
    private readonly Func<Tensor, Tensor> _function;

    /// <summary>Wraps a function of the whole batch.</summary>
    /// <param name="function">Takes and returns [batch, ...].</param>
    public CoupledMap(Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _function = function;
    }

    /// <inheritdoc/>
    public override bool IsPerSample => false;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor latent) => _function(latent);

    /// <inheritdoc/>
    public override FixedPointMap Restrict(Tensor samples) =>
        throw new InvalidOperationException("A map whose samples depend on each other has no restriction to some of them.");

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
