using ImplicitNet.Kernels;
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
    // What a norm has to grow by to be followed any further: above the rounding of products in float32.
    private const double Growth = 1 + 1e-6;

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
    /// In <c>max w_i ||v_i||</c> over parts of equally many elements, as many as weights: from a vector of directions, one a part, to the
    /// part of its image that is the longest, and from the row of J in that direction to its own directions; others where nothing grows any
    /// more. Of parts of one element directions are signs, and the norm is the largest row sum <c>w_i sum_j |J_ij| / w_j</c>.
    /// </summary>
    public static double[] Largest(
        Linearization linearization, Tensor start, long rows, int iterations, IReadOnlyList<double> weights, Generator generator)
    {
        (long[] shape, long parts) = (start.shape, weights.Count);
        long size = start.numel() / rows / parts;
        Tensor weight = tensor([.. weights], ScalarType.Float64, start.device).reshape(1, parts, 1);
        Tensor places = arange(parts, device: start.device).reshape(1, parts, 1);
        Tensor first = arange(size, device: start.device).eq(0).to(ScalarType.Float64);
        Tensor directions = Directions(Wide(start));
        Tensor best = zeros(rows, ScalarType.Float64, start.device);
        Tensor last = best;
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor product = Wide(linearization.Product(Latents(directions / weight))) * weight;
            (Tensor largest, Tensor place) = Lengths(product).max(1, keepdim: true);
            Tensor chosen = Directions(product) * places.eq(place);
            Tensor height = weight.flatten().index_select(0, place.flatten()).reshape(rows, 1, 1);
            Tensor row = Wide(linearization.TransposeProduct(Latents(chosen))) * height / weight;
            Tensor found = Lengths(row).sum([1, 2]);
            best = maximum(best, maximum(largest.reshape(rows), found)).MoveToOuterDisposeScope();
            Tensor grows = found > last * Growth;
            Tensor other = Directions(Wide(randn(shape, generator: generator).to(start.device)));
            directions = where(grows.reshape(rows, 1, 1), Directions(row), other).MoveToOuterDisposeScope();
            last = where(grows, found, zeros_like(found)).MoveToOuterDisposeScope();
        }

        return [.. best.cpu().data<double>()];

        Tensor Latents(Tensor vectors) => vectors.reshape(shape).to(start.dtype);

        Tensor Wide(Tensor latents) => latents.to(ScalarType.Float64).reshape(rows, parts, size);

        Tensor Lengths(Tensor vectors) => RowNorms.Column(vectors.reshape(-1, size)).reshape(rows, parts, 1);

        // A part of zeros has any direction.
        Tensor Directions(Tensor vectors)
        {
            Tensor lengths = Lengths(vectors);
            return where(lengths > 0, vectors / lengths, first);
        }
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
