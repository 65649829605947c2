using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Measures how much an operator contracts.</summary>
public static class Contraction
{
    /// <summary>
    /// <c>||dR/du||_2</c> for every sample, by power iteration on <c>J^T J</c>: a lower bound that approaches the norm.
    /// </summary>
    /// <param name="map">A per-sample map.</param>
    /// <param name="latent">Where to measure, usually u*: [batch, ...].</param>
    /// <param name="iterations">Power iterations, at least 1; default 30. Each costs one product with J and one with its transpose.</param>
    /// <param name="seed">Of the starting vectors.</param>
    /// <returns>One norm a sample, dimensionless.</returns>
    /// <exception cref="InvalidOperationException">The map hides its graph in u, or an operation of it cannot be differentiated twice by autograd.</exception>
    public static double[] Measure(FixedPointMap map, Tensor latent, int iterations = 30, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(latent);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable graph = enable_grad();
        using Generator generator = new((ulong)seed, CPU);
        using PointJacobian jacobian = new(map.Evaluate, latent, "Take it out of the map: a norm is measured by products with the Jacobian and its transpose.");
        Tensor vector = Normalize(randn(latent.shape, latent.dtype, generator: generator).to(latent.device), out _);
        Tensor norms = zeros(latent.shape[0]);
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor product = jacobian.Product(vector);
            Tensor transposed = jacobian.TransposeProduct(product).detach();
            Tensor next = Normalize(transposed, out Tensor squares);
            vector = next.MoveToOuterDisposeScope();
            norms = squares.sqrt().MoveToOuterDisposeScope();
        }

        return [.. norms.to(ScalarType.Float64).cpu().data<double>()];
    }

    /// <summary>Declared, certified and measured factor of an operator at a solved batch.</summary>
    /// <param name="latentOperator">The operator.</param>
    /// <param name="q">Encoded data: [batch, ...].</param>
    /// <param name="latent">Its fixed points: [batch, ...].</param>
    public static ContractionReport Report(LatentOperator latentOperator, Tensor q, Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latentOperator);
        IContraction? contraction = latentOperator as IContraction;
        using FixedPointMap map = latentOperator.Bind(q);
        double[] measured = Measure(map, latent);
        return new ContractionReport(contraction?.DeclaredFactor, contraction?.CertifyFactor(), measured.Max(), measured.Average());
    }

    private static Tensor Normalize(Tensor vectors, out Tensor norms)
    {
        norms = linalg.vector_norm(vectors.reshape(vectors.shape[0], -1), 2, [1]);
        long[] column = [vectors.shape[0], .. Enumerable.Repeat(1L, (int)vectors.ndim - 1)];
        return vectors / norms.clamp_min(1e-30).reshape(column);
    }
}
