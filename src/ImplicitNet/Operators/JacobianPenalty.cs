using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Jacobian regularisation (Bai, Koltun and Kolter, ICML 2021): a term of the loss, <c>Weight ||J||_F^2 / n</c> with J = dR/du at u* and n
/// latents per sample, which keeps R contracting in training.
/// </summary>
/// <remarks>
/// The norm is estimated by Hutchinson's method, <c>||J||_F^2 = E ||J^T v||^2</c> for standard normal v, without bias. It is
/// differentiated through what R computes with, u* held constant. Costs one evaluation with its graph, a product with J^T for
/// each probe, and the backward passes through both.
/// </remarks>
public sealed record JacobianPenalty
{
    /// <summary>Factor of the term, dimensionless; above 0 and finite; default 0.1.</summary>
    public double Weight
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Weight), value, "The weight must be a finite number above 0.");
    } = 0.1;

    /// <summary>Random vectors that are averaged over; at least 1; default 1.</summary>
    public int Probes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Probes), value, "At least 1 probe is needed.");
    } = 1;

    /// <summary>The term for every sample. The vectors are drawn from torch's random state on the processor.</summary>
    /// <param name="map">A per-sample map, bound with its graph.</param>
    /// <param name="latent">u*: [batch, ...]; held constant.</param>
    /// <returns>[batch], dimensionless, in the graph of what the map computes with. The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">
    /// The map couples its samples, hides its graph in u, or cannot be differentiated by autograd.
    /// </exception>
    public Tensor Estimate(FixedPointMap map, Tensor latent) => TorchMessage.Guarded(() => Estimated(map, latent));

    private Tensor Estimated(FixedPointMap map, Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(map);
        TensorCheck.EnsureBatch(latent, nameof(latent), "The latent");
        if (!map.IsPerSample)
        {
            throw new InvalidOperationException("The map couples the samples of a batch: a Jacobian penalty is sample by sample.");
        }

        using DisposeScope scope = NewDisposeScope();
        if (is_inference_mode_enabled())
        {
            // What was made in that mode cannot be kept by a graph: copies can.
            using IDisposable ordinary = inference_mode(false);
            using FixedPointMap copy = map.With(map.Inputs.Select(input => input.clone()));
            return Estimate(copy, latent.clone()).MoveToOuterDisposeScope();
        }

        using IDisposable graph = enable_grad();
        using Linearization linearization = new(map, latent, "Take it out of the map, or leave the penalty away.");
        long size = Math.Max(1, latent.numel() / Math.Max(1, latent.shape[0]));
        Tensor sum = zeros(latent.shape[0], dtype: latent.dtype, device: latent.device);
        for (int probe = 0; probe < Probes && !linearization.IsConstant && latent.numel() > 0; probe++)
        {
            Tensor vector = randn(latent.shape, latent.dtype).to(latent.device);
            Tensor product = linearization.DifferentiableTransposeProduct(vector);
            sum = sum + product.square().reshape(latent.shape[0], size).sum(1);
        }

        return (sum * (Weight / (Probes * size))).MoveToOuterDisposeScope();
    }
}
