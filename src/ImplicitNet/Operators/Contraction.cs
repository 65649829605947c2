using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Measures how much an operator contracts.</summary>
public static class Contraction
{
    /// <summary>
    /// <c>||dR/du||</c> for every sample, in L2 by power iteration on <c>J^T J</c>: a lower bound that approaches the norm. A map that
    /// couples its samples is one system, with one norm.
    /// </summary>
    /// <remarks>
    /// In a maximum norm, weighted or not, it is the largest row of J that is found by going from a vector of signs to the row that it
    /// makes largest, and from that row to its signs (Hager 1984): each is a lower bound. In the largest token it is the same with
    /// directions for signs (Boyd 1974). In a norm of your own it is the largest <c>||J v|| / ||v||</c> of some v.
    /// </remarks>
    /// <param name="map">A map that can be differentiated twice.</param>
    /// <param name="latent">Where to measure, usually u*: [batch, ...], floating point.</param>
    /// <param name="iterations">Power iterations, at least 1; default 30. Each costs one product with J and one with its transpose.</param>
    /// <param name="seed">The seed of the starting vectors.</param>
    /// <param name="norm">The norm of latents; default <see cref="ResidualNorm.L2"/>.</param>
    /// <returns>One norm per sample, or a single one for a coupled map, dimensionless; none for an empty batch.</returns>
    /// <exception cref="InvalidOperationException">
    /// The map hides its graph in u, or autograd cannot differentiate one of its operations twice.
    /// </exception>
    public static double[] Measure(
        FixedPointMap map, Tensor latent, int iterations = 30, long seed = 0, ResidualNorm? norm = null) =>
        TorchMessage.Guarded(() => Measured(map, latent, iterations, seed, norm ?? ResidualNorm.L2));

    private static double[] Measured(FixedPointMap map, Tensor latent, int iterations, long seed, ResidualNorm norm)
    {
        ArgumentNullException.ThrowIfNull(map);
        TensorCheck.EnsureBatch(latent, nameof(latent), "The latent");
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        using DisposeScope scope = NewDisposeScope();
        if (is_inference_mode_enabled())
        {
            // What was made in that mode cannot be kept by a graph: copies can.
            using IDisposable ordinary = inference_mode(false);
            using FixedPointMap copy = map.With(map.Inputs.Select(input => input.clone()));
            return Measure(copy, latent.clone(), iterations, seed, norm);
        }

        long rows = map.IsPerSample ? latent.shape[0] : Math.Min(1, latent.shape[0]);
        if (latent.numel() == 0)
        {
            return new double[rows];
        }

        using IDisposable graph = enable_grad();
        using Generator generator = new((ulong)seed, CPU);
        using Linearization linearization = new(
            map, latent, "Take it out of the map: a norm is measured by products with the Jacobian and its transpose.");
        Tensor start = randn(latent.shape, latent.dtype, generator: generator).to(latent.device);
        return norm.IsOfLength ? JacobianNorm.Length(linearization, start, rows, iterations)
            : norm.PartsOf(latent.numel() / rows) is { } parts && parts.All(part => part.Size == parts[0].Size)
                ? JacobianNorm.Largest(linearization, start, rows, iterations, [.. parts.Select(part => part.Weight)], generator)
            : JacobianNorm.Stretch(linearization, start, rows, iterations, norm);
    }

    /// <summary>The declared, certified and measured factor of an operator at a solved batch, in the norm in which it contracts.</summary>
    /// <param name="latentOperator">The operator.</param>
    /// <param name="q">Encoded data: [batch, ...].</param>
    /// <param name="latent">Its fixed points: [batch, ...].</param>
    public static ContractionReport Report(LatentOperator latentOperator, Tensor q, Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latentOperator);
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        using FixedPointMap map = latentOperator.Bind(q);
        ResidualNorm? norm = (latentOperator as IContraction)?.Norm;
        double[] measured = latent is not null && latent.numel() == 0 ? [] : Measure(map, latent!, norm: norm);
        return ContractionReport.Of(latentOperator, measured);
    }
}
