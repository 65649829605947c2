using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(u, q) = act(gamma W u / b(W) + q)</c> with <c>b(W) >= ||W||</c> and act 1-Lipschitz, or with any <see cref="BoundedModule"/> for
/// <c>W / b(W)</c>: a contraction in u by the factor gamma, in the norm of the layer (L2 unless it says otherwise), for every weight, u and
/// q.
/// </summary>
/// <remarks>
/// Batch normalisation belongs in the encoder that makes q, never in here. One evaluation is one linear layer and one or two elementwise
/// passes in place, or what the module takes. The encoder must give q in the shape of the latent.
/// </remarks>
public sealed class ContractionOperator : LatentOperator, IContraction, IInputLipschitz
{
    [ComponentName(Name = "layer")]
    private readonly BoundedModule _layer;
    private readonly LatentActivation _activation;

    /// <summary>Creates the operator.</summary>
    /// <param name="layer">W: must map latents to latents. Owned from now on.</param>
    /// <param name="gamma">The contraction factor, in (0, 1), dimensionless.</param>
    /// <param name="activation">Default <c>LeakyRelu(0.1)</c>.</param>
    /// <exception cref="ArgumentException">The output size of the layer is not its input size.</exception>
    public ContractionOperator(BoundedModule layer, double gamma, LatentActivation? activation = null)
        : base(nameof(ContractionOperator))
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (gamma is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "The contraction factor must be in (0, 1).");
        }

        (long outputs, long inputs) = (layer.Outputs, layer.Inputs);
        if (inputs != outputs)
        {
            throw new ArgumentException($"The layer must map latents to latents. It takes {inputs} and gives {outputs}.", nameof(layer));
        }

        _layer = layer;
        DeclaredFactor = gamma;
        _activation = activation ?? LatentActivation.LeakyRelu();
        RegisterComponents();
    }

    /// <inheritdoc/>
    public double DeclaredFactor { get; }

    /// <inheritdoc/>
    public ResidualNorm Norm => _layer.Norm;

    /// <inheritdoc/>
    public double CertifyFactor() => _layer.CertifyNorm(DeclaredFactor);

    /// <summary>1: q is added before the activation, which lengthens nothing.</summary>
    public double CertifyInputLipschitz() => 1;

    /// <summary>The factor in L2, whatever <see cref="Norm"/> is; NaN where it is not known. It may be above 1.</summary>
    internal double CertifyEuclideanFactor() => _layer.CertifyEuclideanNorm(DeclaredFactor);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is not in the shape, dtype and device of latents.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        EnsureFits(q);
        using DisposeScope scope = NewDisposeScope();
        Tensor[] weights = [.. _layer.Prepare(DeclaredFactor).Select(weight => weight.DetachFromDisposeScope())];
        return new PerSampleMap(
            (latent, inputs) => Evaluate(latent, inputs.PerSample[0], inputs.Shared),
            new MapInputs { PerSample = [q], Shared = weights, Parameters = [], Owned = weights })
        {
            IsOwn = true,
            ErrorBound = ErrorBound.OfContraction(DeclaredFactor, Norm),
            Kernel = _activation.SlopeOfLeakyRelu is { } slope
                ? (inputs, start) => _layer.TryKernel(start, inputs.Shared[0], inputs.PerSample[0], slope)
                : null,
        };
    }

    /// <summary>act(q) = R(0, q): the first iterate from zero, without the cost of an evaluation.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>The shape and memory layout of q, without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        EnsureFits(q);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return _activation.ApplyInPlace(q.clone()).MoveToOuterDisposeScope();
    }

    private void EnsureFits(Tensor q)
    {
        _layer.EnsureFits(q, nameof(q), "q");
        TensorCheck.EnsureLike(q, _layer.Reference, nameof(q), "q");
        long[] made = _layer.ShapeOf(q.shape);
        if (!made.AsSpan().SequenceEqual(q.shape))
        {
            throw new ArgumentException(
                $"The layer must map latents to latents. Of {TensorCheck.Sizes(q.shape)} it makes {TensorCheck.Sizes(made)}.", nameof(q));
        }
    }

    private Tensor Evaluate(Tensor latent, Tensor q, IReadOnlyList<Tensor> weights)
    {
        int next = 0;
        return (_activation.SlopeOfLeakyRelu is { } slope ? _layer.TryApply(latent, weights[0], q, slope) : null)
            ?? _activation.ApplyInPlace(_layer.Propagate(latent, weights, ref next), q);
    }
}
