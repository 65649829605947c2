using ImplicitNet.Differentiation;
using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// <c>J v</c> to rounding, as the derivative of <c>w -> J^T w</c>, which is linear in w, along v: for maps whose
/// operations autograd can differentiate twice.
/// </summary>
/// <remarks>
/// A linearization is one evaluation, with its graph, and two backward passes; every product is one pass through the
/// graph of the second. Counted are one evaluation of every sample for the linearization and one for every product,
/// which is what they cost to within a factor of two. All samples of the linearization take part in every product.
/// Holds the graph of two layers. A map that cuts the graph counts as constant, and Newton's step is then the Picard
/// step: use <see cref="FiniteDifferenceProduct"/> there.
/// </remarks>
public sealed record DoubleBackwardProduct : JacobianProduct
{
    internal override LinearOperator Linearize(IterateRows rows) => new Linearized(rows);

    private sealed class Linearized : LinearOperator
    {
        private readonly IterateRows _rows;
        private readonly Tensor _point;
        private readonly Tensor _mapped;
        private readonly Tensor _dual;
        private readonly Tensor _transposed;

        public Linearized(IterateRows rows)
        {
            _rows = rows;
            using IDisposable graph = enable_grad();
            using DisposeScope scope = NewDisposeScope();
            Tensor point = rows.Restore(rows.Latent).detach().requires_grad_();
            Tensor mapped = rows.Map.Evaluate(point);
            Tensor dual = zeros_like(mapped).requires_grad_();
            Tensor transposed = mapped.requires_grad ? VectorProducts.TransposeProduct(mapped, point, dual, createGraph: true) : zeros_like(point);
            _point = point.DetachFromDisposeScope();
            _mapped = mapped.DetachFromDisposeScope();
            _dual = dual.DetachFromDisposeScope();
            _transposed = transposed.DetachFromDisposeScope();
        }

        public override Tensor Apply(Tensor vectors)
        {
            if (!_transposed.requires_grad)
            {
                return vectors.clone();
            }

            using DisposeScope scope = NewDisposeScope();
            MeteredMap.Charge(_rows.Map, vectors.shape[0]);
            Tensor along = _rows.Restore(vectors).to(_transposed.dtype);
            Tensor product = VectorProducts.TransposeProduct(_transposed, _dual, along).detach();
            return (vectors - _rows.Flatten(product).to(vectors.dtype)).MoveToOuterDisposeScope();
        }

        public override Tensor ApplyTransposed(Tensor vectors)
        {
            if (!_mapped.requires_grad)
            {
                return vectors.clone();
            }

            using DisposeScope scope = NewDisposeScope();
            MeteredMap.Charge(_rows.Map, vectors.shape[0]);
            Tensor along = _rows.Restore(vectors).to(_mapped.dtype);
            Tensor product = VectorProducts.TransposeProduct(_mapped, _point, along).detach();
            return (vectors - _rows.Flatten(product).to(vectors.dtype)).MoveToOuterDisposeScope();
        }

        public override LinearOperator Restrict(Tensor samples) => new SubsetOperator(this, samples, _rows.Latent.shape[0]);

        public override void Dispose()
        {
            _point.Dispose();
            _mapped.Dispose();
            _dual.Dispose();
            _transposed.Dispose();
        }
    }
}
