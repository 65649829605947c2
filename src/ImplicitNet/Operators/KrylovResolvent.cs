using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The resolvent of any layer, by GMRES, nearly to the rounding of the dtype: at the default alpha, 1 / L, the system has a condition of
/// at most 2.
/// </summary>
internal sealed class KrylovResolvent(MonotoneLayer layer, IReadOnlyList<Tensor> prepared, double alpha) : PreparedOperator
{
    private long _products;

    public override long Products => _products;

    public override Tensor Apply(Tensor point, bool isTransposed)
    {
        using DisposeScope scope = NewDisposeScope();
        LatentLayout layout = LatentLayout.Of(point);
        Tensor rows = layout.Flatten(point);
        using ResolventSystem system = new(layer, prepared, alpha, layout, isTransposed);
        LinearTolerance tolerance = new(Precision.Of(point.dtype).ReferenceTolerance);
        using LinearSolution solution =
            new GmresSolver().Solve(system, rows, [.. Enumerable.Repeat(tolerance, (int)rows.shape[0])], rows / (1 + alpha));
        _products += solution.Products;
        return layout.Restore(solution.Vectors.alias()).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
    }

    /// <summary><c>v -> v + alpha (v - W v)</c>, the same for every sample.</summary>
    private sealed class ResolventSystem(
        MonotoneLayer layer, IReadOnlyList<Tensor> prepared, double alpha, LatentLayout layout, bool isTransposed) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors) => Applied(vectors, isTransposed);

        public override Tensor ApplyTransposed(Tensor vectors) => Applied(vectors, !isTransposed);

        public override LinearOperator Restrict(Tensor samples) => new ResolventSystem(layer, prepared, alpha, layout, isTransposed);

        public override void Dispose()
        {
        }

        private Tensor Applied(Tensor vectors, bool transposed)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor product = layout.Flatten(layer.Product(layout.Restore(vectors), prepared, transposed));
            return (vectors * (1 + alpha)).add(product, alpha: -alpha).MoveToOuterDisposeScope();
        }
    }
}
