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
    /// <c>||dR/du||_2</c> for every sample, by power iteration on <c>J^T J</c>: a lower bound that approaches the norm. A map that
    /// couples its samples is one system, with one norm.
    /// </summary>
    /// <param name="map">A map that can be differentiated twice.</param>
    /// <param name="latent">Where to measure, usually u*: [batch, ...], floating point.</param>
    /// <param name="iterations">Power iterations, at least 1; default 30. Each costs one product with J and one with its transpose.</param>
    /// <param name="seed">The seed of the starting vectors.</param>
    /// <returns>One norm per sample, or a single one for a coupled map, dimensionless; none for an empty batch.</returns>
    /// <exception cref="InvalidOperationException">
    /// The map hides its graph in u, or autograd cannot differentiate one of its operations twice.
    /// </exception>
    public static double[] Measure(FixedPointMap map, Tensor latent, int iterations = 30, long seed = 0) =>
        TorchMessage.Guarded(() => Measured(map, latent, iterations, seed));

    private static double[] Measured(FixedPointMap map, Tensor latent, int iterations, long seed)
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
            return Measure(copy, latent.clone(), iterations, seed);
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
        Tensor vector = Normalize(randn(latent.shape, latent.dtype, generator: generator).to(latent.device), rows, out _);
        Tensor norms = zeros(rows);
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            using DisposeScope step = NewDisposeScope();

            // Both products of vectors of length 1: that with J^T J is the square of a factor, which underflows where the factor does not.
            Tensor product = Normalize(linearization.Product(vector), rows, out Tensor along);
            Tensor transposed = linearization.TransposeProduct(product);
            Tensor next = Normalize(transposed, rows, out Tensor back);
            vector = next.MoveToOuterDisposeScope();
            norms = (along.sqrt() * back.sqrt()).MoveToOuterDisposeScope();
        }

        return [.. norms.cpu().data<double>()];
    }

    /// <summary>The declared, certified and measured factor of an operator at a solved batch.</summary>
    /// <param name="latentOperator">The operator.</param>
    /// <param name="q">Encoded data: [batch, ...].</param>
    /// <param name="latent">Its fixed points: [batch, ...].</param>
    public static ContractionReport Report(LatentOperator latentOperator, Tensor q, Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latentOperator);
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        using FixedPointMap map = latentOperator.Bind(q);
        double[] measured = latent is not null && latent.numel() == 0 ? [] : Measure(map, latent!);
        return ContractionReport.Of(latentOperator, measured);
    }

    private static Tensor Normalize(Tensor vectors, long rows, out Tensor norms)
    {
        // In float64: squares of a small factor are zero in float32.
        norms = linalg.vector_norm(vectors.reshape(rows, vectors.numel() / rows).to(ScalarType.Float64), 2, [1]);
        long[] column = [rows, .. Enumerable.Repeat(1L, (int)vectors.ndim - 1)];
        return (vectors.to(ScalarType.Float64) / norms.clamp_min(1e-300).reshape(column)).to(vectors.dtype);
    }
}
