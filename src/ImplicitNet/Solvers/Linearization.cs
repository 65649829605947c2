using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary><c>v -> v - J v</c> from the graph of a map at an iterate; see <see cref="DoubleBackwardProduct"/>.</summary>
internal sealed class Linearization : LinearOperator
{
    private readonly IterateRows _rows;
    private readonly FixedPointMap _map;
    private readonly Tensor _latent;
    private readonly Tensor _point;
    private readonly Tensor _mapped;
    private readonly Tensor _dual;
    private readonly Tensor _transposed;
    private long _idleProducts;

    /// <summary>Builds the graph.</summary>
    /// <param name="rows">The solve, for the layout of its rows.</param>
    /// <param name="map">The map of these samples; it must outlive this.</param>
    /// <param name="latent">Where they stand: [count, n].</param>
    /// <exception cref="InvalidOperationException">The map's value depends on u, and its graph does not.</exception>
    public Linearization(IterateRows rows, FixedPointMap map, Tensor latent)
    {
        _rows = rows;
        _map = map;
        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor point = rows.Restore(latent).detach().requires_grad_();
        Tensor mapped = map.Evaluate(point);
        Tensor dual = zeros_like(mapped).requires_grad_();
        Tensor transposed = mapped.requires_grad ? VectorProducts.TransposeProduct(mapped, point, dual, createGraph: true) : zeros_like(point);
        if (!transposed.requires_grad)
        {
            EnsureConstant(point.detach(), mapped.detach());
        }

        _latent = latent.alias().DetachFromDisposeScope();
        _point = point.DetachFromDisposeScope();
        _mapped = mapped.DetachFromDisposeScope();
        _dual = dual.DetachFromDisposeScope();
        _transposed = transposed.DetachFromDisposeScope();
    }

    private long Count => _latent.shape[0];

    /// <summary>False where the map is constant near the iterate: J is zero, and nothing is paid for its products.</summary>
    private bool HasGraph => _transposed.requires_grad;

    public override Tensor Apply(Tensor vectors) => Less(vectors, _transposed, _dual);

    public override Tensor ApplyTransposed(Tensor vectors) => Less(vectors, _mapped, _point);

    public override LinearOperator Restrict(Tensor samples) => new Part(this, samples.alias().DetachFromDisposeScope());

    public override void Dispose()
    {
        _point.Dispose();
        _mapped.Dispose();
        _latent.Dispose();
        _dual.Dispose();
        _transposed.Dispose();
    }

    /// <summary>v less the product of it with the transpose of d output / d input.</summary>
    private Tensor Less(Tensor vectors, Tensor output, Tensor input)
    {
        if (!HasGraph)
        {
            return vectors.clone();
        }

        using DisposeScope scope = NewDisposeScope();
        MeteredMap.Charge(_map, Count);
        Tensor along = _rows.Restore(vectors).to(output.dtype);
        Tensor product = VectorProducts.TransposeProduct(output, input, along).detach();
        return (vectors - _rows.Flatten(product).to(vectors.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Without a graph the map must be constant: it is looked at a little beside the iterate, by the share that a difference
    /// quotient takes, in a direction that no symmetry of a map is likely to have.
    /// </summary>
    private void EnsureConstant(Tensor point, Tensor mapped)
    {
        using IDisposable noGraph = no_grad();
        Tensor latent = _rows.Flatten(point);
        Tensor value = _rows.Flatten(mapped);
        Precision precision = Precision.Of(latent.dtype);
        Tensor size = (RowNorms.Column(latent) + RowNorms.Column(value)).to(precision.Working);
        Tensor direction = arange(1, latent.shape[1] + 1, dtype: precision.Working, device: latent.device).sin();
        Tensor beside = (latent + (size * Math.Sqrt(precision.Epsilon) * direction / linalg.vector_norm(direction))).to(latent.dtype);
        Tensor moved = _rows.Flatten(_map.Evaluate(_rows.Restore(beside)));
        if (((value != moved) & value.isfinite()).any().ToBoolean())
        {
            throw new InvalidOperationException(
                $"The map's value depends on u, but its graph does not (a detach or no_grad in it, perhaps): {nameof(DoubleBackwardProduct)} cannot differentiate it. "
                + $"Take new {nameof(NewtonKrylovSolver)} {{ {nameof(NewtonKrylovSolver.Product)} = new {nameof(FiniteDifferenceProduct)}() }}.");
        }
    }

    /// <summary>
    /// Some samples of a linearization: by its products, with zeros for the others, until the products paid for the others
    /// would cost as much as a linearization of these alone. What is paid in vain is then at most twice what the best choice
    /// of that moment would have cost.
    /// </summary>
    private sealed class Part(Linearization whole, Tensor samples) : LinearOperator
    {
        private FixedPointMap? _map;
        private Linearization? _own;

        public override Tensor Apply(Tensor vectors) => Of(vectors, linear => linear.Apply);

        public override Tensor ApplyTransposed(Tensor vectors) => Of(vectors, linear => linear.ApplyTransposed);

        public override LinearOperator Restrict(Tensor chosen)
        {
            if (_own is not null)
            {
                return _own.Restrict(chosen);
            }

            return new Part(whole, samples.index_select(0, chosen).DetachFromDisposeScope());
        }

        public override void Dispose()
        {
            samples.Dispose();
            _own?.Dispose();
            _map?.Dispose();
        }

        private Tensor Of(Tensor vectors, Func<LinearOperator, Func<Tensor, Tensor>> product)
        {
            if (!whole.HasGraph)
            {
                return vectors.clone();
            }

            using DisposeScope scope = NewDisposeScope();
            long count = vectors.shape[0];
            long idle = whole.Count - count;
            if (_own is null && whole._idleProducts + idle >= count)
            {
                _map = whole._map.Restrict(samples);
                _own = new Linearization(whole._rows, _map, whole._latent.index_select(0, samples));
            }

            if (_own is not null)
            {
                return product(_own)(vectors).MoveToOuterDisposeScope();
            }

            whole._idleProducts += idle;
            Tensor all = zeros([whole.Count, vectors.shape[1]], dtype: vectors.dtype, device: vectors.device).index_copy_(0, samples, vectors);
            return product(whole)(all).index_select(0, samples).MoveToOuterDisposeScope();
        }
    }
}
