using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A linear layer without bias whose operator norm is at most 1 by construction: the weight is divided by a rigorous
/// upper bound of its norm, in the graph, so that gradients are those of the layer as it is applied.
/// </summary>
public abstract class BoundedLayer : nn.Module<Tensor, Tensor>
{
    // The bound is computed in the dtype of the weight; this covers its rounding (float32: about 1e-6), so that a
    // certificate in float64 never exceeds the factor declared.
    private const double RoundingMargin = 1 + 1e-5;

    private readonly RememberedBound _remembered = new();

    /// <summary>Names the module.</summary>
    private protected BoundedLayer(string name)
        : base(name)
    {
    }

    /// <summary>
    /// The weight divided by the bound of its norm. In the graph; differentiable. Without gradients the bound of the weight as it was
    /// last is used again. The caller owns it.
    /// </summary>
    public abstract Tensor NormalizedWeight();

    /// <summary>Applies the layer with a weight prepared by <see cref="NormalizedWeight"/>, possibly scaled.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <param name="weight">The prepared weight.</param>
    /// <returns>A new tensor, [batch, ...]. The caller owns it.</returns>
    public abstract Tensor Apply(Tensor input, Tensor weight);

    /// <summary><c>LeakyReLU(W x + shift)</c> in one pass, where there is no graph and that is faster than the parts.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <param name="weight">The prepared weight.</param>
    /// <param name="shift">The shape of the result.</param>
    /// <param name="slope">Left of 0, in [0, 1].</param>
    /// <returns>A new tensor, [batch, ...]; null, and nothing done, where it is not so. The caller owns it.</returns>
    internal abstract Tensor? TryApply(Tensor input, Tensor weight, Tensor shift, double slope);

    /// <summary>
    /// A rigorous upper bound of the operator norm of the layer as it is applied now, computed in float64 by singular
    /// value decompositions, independently of the bound that normalises the weight.
    /// </summary>
    /// <returns>Dimensionless; NaN when the weight holds NaN.</returns>
    public abstract double CertifyNorm();

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor input)
    {
        using Tensor weight = NormalizedWeight();
        return Apply(input, weight);
    }

    /// <summary>The weight divided by its bound.</summary>
    /// <param name="weight">The layer's weight.</param>
    /// <param name="bound">Computes the bound of a weight: [1], in the graph of the weight.</param>
    private protected Tensor Normalize(Parameter weight, Func<Tensor, Tensor> bound)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = is_grad_enabled() && weight.requires_grad ? bound(weight) : _remembered.Of(weight, bound);
        return (weight / (value * RoundingMargin)).MoveToOuterDisposeScope();
    }
}
