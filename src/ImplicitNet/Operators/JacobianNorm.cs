using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Lower bounds of the norm of J = dR/du for every row of a linearization, in one norm or another.</summary>
/// <remarks>
/// Rows are samples, or one for a coupled map; a start is a vector [batch, ...] in the dtype of the latents; weights are one for each
/// element of a row. An iteration costs a product with J and, but for <see cref="Stretch"/>, one with its transpose.
/// </remarks>
internal static class JacobianNorm
{
    /// <summary>In L2: power iteration on <c>J^T J</c>.</summary>
    public static double[] Length(Linearization linearization, Tensor start, long rows, int iterations)
    {
        Tensor vector = Normalize(start, rows, out _);
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

    /// <summary>
    /// In <c>max w_i |v_i|</c>, whose operator norm is the largest row sum <c>w_i sum_j |J_ij| / w_j</c>: the row that a vector of signs
    /// makes largest, then the signs of that row, until a row comes again; then other signs.
    /// </summary>
    public static double[] Largest(
        Linearization linearization, Tensor start, long rows, int iterations, IReadOnlyList<double> weights, Generator generator)
    {
        long[] shape = start.shape;
        Tensor weight = tensor([.. weights], ScalarType.Float64, start.device).unsqueeze(0);
        Tensor places = arange(weights.Count, device: start.device);
        Tensor signs = Signs(start);
        Tensor best = zeros(rows, ScalarType.Float64, start.device);
        Tensor last = full(rows, -1, ScalarType.Int64, start.device);
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor product = Wide(linearization.Product(Latents(signs / weight)));
            (Tensor largest, Tensor place) = (product.abs() * weight).max(1);
            Tensor unit = places.eq(place.unsqueeze(1)).to(ScalarType.Float64);
            Tensor height = weight.squeeze(0).index_select(0, place).unsqueeze(1);
            Tensor row = Wide(linearization.TransposeProduct(Latents(unit))) * height / weight;
            best = maximum(best, maximum(largest, row.abs().sum(1))).MoveToOuterDisposeScope();
            Tensor other = Signs(randn(shape, generator: generator).to(start.device));
            signs = where(place.eq(last).unsqueeze(1), other, Signs(row)).MoveToOuterDisposeScope();
            last = place.MoveToOuterDisposeScope();
        }

        return [.. best.cpu().data<double>()];

        Tensor Latents(Tensor vectors) => vectors.reshape(shape).to(start.dtype);

        Tensor Wide(Tensor latents) => latents.to(ScalarType.Float64).reshape(rows, -1);

        Tensor Signs(Tensor values) => where(Wide(values) < 0, -1.0, 1.0);
    }

    /// <summary>In any norm: how much J stretches a vector, its image, the image of that, and so on.</summary>
    public static double[] Stretch(Linearization linearization, Tensor start, long rows, int iterations, ResidualNorm norm)
    {
        Tensor vector = Normalize(start, rows, out _);
        Tensor best = zeros(rows, ScalarType.Float64, start.device);
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor product = linearization.Product(vector);
            Tensor ratio = Measured(product) / Measured(vector);
            best = maximum(best, ratio.nan_to_num(0)).MoveToOuterDisposeScope();
            vector = Normalize(product, rows, out _).MoveToOuterDisposeScope();
        }

        return [.. best.cpu().data<double>()];

        Tensor Measured(Tensor latents) => norm.Measure(latents.to(ScalarType.Float64).reshape(rows, -1)).to(ScalarType.Float64);
    }

    private static Tensor Normalize(Tensor vectors, long rows, out Tensor norms)
    {
        // In float64: squares of a small factor are zero in float32.
        norms = linalg.vector_norm(vectors.reshape(rows, vectors.numel() / rows).to(ScalarType.Float64), 2, [1]);
        long[] column = [rows, .. Enumerable.Repeat(1L, (int)vectors.ndim - 1)];
        return (vectors.to(ScalarType.Float64) / norms.clamp_min(1e-300).reshape(column)).to(vectors.dtype);
    }
}
