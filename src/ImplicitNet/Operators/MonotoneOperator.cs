using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(u, q) = act(W u + q)</c> with <c>I - W</c> strongly monotone and act a proximal map: exactly one fixed point for every q, whatever
/// the weights, although R need be no contraction (Winston and Kolter, NeurIPS 2020).
/// </summary>
/// <remarks>
/// u* moves by at most <c>||dq|| / m</c>. Its maps are <see cref="SplittingMap"/>s, whose fixed points
/// <see cref="PeacemanRachfordSolver"/> and <see cref="ForwardBackwardSolver"/> find for every weight; <see cref="PicardSolver"/> may
/// diverge. The encoder gives q in the shape of the latent.
/// </remarks>
public sealed class MonotoneOperator : LatentOperator, IMonotone, IInputLipschitz
{
    [ComponentName(Name = "layer")]
    private readonly MonotoneLayer _layer;
    private readonly LatentActivation _activation;

    /// <summary>Creates the operator.</summary>
    /// <param name="layer">W. Owned from now on.</param>
    /// <param name="activation">A proximal map; default ReLU.</param>
    /// <exception cref="ArgumentException">The activation is not known to be a proximal map.</exception>
    public MonotoneOperator(MonotoneLayer layer, LatentActivation? activation = null)
        : base(nameof(MonotoneOperator))
    {
        ArgumentNullException.ThrowIfNull(layer);
        _layer = layer;
        _activation = activation ?? LatentActivation.LeakyRelu(0);
        if (!_activation.IsProximal)
        {
            throw new ArgumentException(
                $"The activation of a monotone operator must be a proximal map: {_activation} is not known to be one. "
                    + $"An activation that nowhere falls is one, and says so by {nameof(LatentActivation.IsProximal)}.",
                nameof(activation));
        }

        RegisterComponents();
    }

    /// <summary>W.</summary>
    public MonotoneLayer Layer => _layer;

    /// <inheritdoc/>
    public double Monotonicity => _layer.Monotonicity;

    /// <summary>
    /// <see cref="PeacemanRachfordSolver"/> where a resolvent costs about as much as a product; else <see cref="ForwardBackwardSolver"/>.
    /// </summary>
    public override FixedPointSolver DefaultSolver =>
        _layer.HasDirectResolvent ? new PeacemanRachfordSolver() : new ForwardBackwardSolver();

    /// <inheritdoc/>
    public double CertifyMonotonicity() => _layer.CertifyMonotonicity();

    /// <summary>1: q is added before the activation, which lengthens nothing. That is R itself; u* moves by 1 / m.</summary>
    public double CertifyInputLipschitz() => 1;

    /// <inheritdoc/>
    public double BoundLipschitz()
    {
        _layer.EnsureDtype();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return _layer.BoundNorms(_layer.Prepare()).Whole;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is not in the shape, dtype and device of latents.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        _layer.EnsureFits(q, nameof(q), "q");
        using DisposeScope scope = NewDisposeScope();
        Tensor[] prepared = [.. _layer.Prepare().Select(piece => piece.DetachFromDisposeScope())];
        MapInputs inputs = new() { PerSample = [q], Shared = prepared, Parameters = [], Owned = prepared };
        return new ActivatedMap(_layer, _activation, _layer.BoundNorms(prepared), inputs);
    }

    /// <summary>act(q) = R(0, q): the first iterate from zero, without the cost of an evaluation.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>The shape and memory layout of q, without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        _layer.EnsureFits(q, nameof(q), "q");
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return _activation.Apply(q.detach()).MoveToOuterDisposeScope();
    }
}
