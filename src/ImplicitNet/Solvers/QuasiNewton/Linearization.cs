using ImplicitNet.Differentiation;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary><c>v -> v - J v</c> from the graph of a map at an iterate; see <see cref="DoubleBackwardProduct"/>.</summary>
internal sealed class Linearization : LinearOperator
{
    private readonly IterateRows _rows;
    private readonly FixedPointMap _map;
    private readonly Tensor _latent;
    private readonly PointJacobian _jacobian;
    private long _idleProducts;

    /// <summary>Builds the graph.</summary>
    /// <param name="rows">The solve, for the layout of its rows.</param>
    /// <param name="map">The map of these samples; it must outlive this.</param>
    /// <param name="latent">Where they stand: [count, n].</param>
    /// <exception cref="InvalidOperationException">
    /// The map's value depends on u, and its graph does not; or autograd cannot differentiate it.
    /// </exception>
    public Linearization(IterateRows rows, FixedPointMap map, Tensor latent)
    {
        _rows = rows;
        _map = map;
        using DisposeScope scope = NewDisposeScope();
        _jacobian = new PointJacobian(
            map.Evaluate,
            rows.Restore(latent),
            $"Take new {nameof(NewtonKrylovSolver)} {{ {nameof(NewtonKrylovSolver.Product)} = new {nameof(FiniteDifferenceProduct)}() }}.");
        try
        {
            _jacobian.Prepare();
        }
        catch
        {
            _jacobian.Dispose();
            throw;
        }

        _latent = latent.alias().DetachFromDisposeScope();
    }

    private long Count => _latent.shape[0];

    public override Tensor Apply(Tensor vectors)
    {
        Tensor product = Less(vectors, _jacobian.ProductOrDifference);
        if (_jacobian.IsByDifferences)
        {
            MeteredMap.NoteDifferences(_map);
        }

        return product;
    }

    public override Tensor ApplyTransposed(Tensor vectors) => Less(vectors, along => _jacobian.TransposeProduct(along).detach());

    public override LinearOperator Restrict(Tensor samples) => new Part(this, samples.alias().DetachFromDisposeScope());

    public override void Dispose()
    {
        _jacobian.Dispose();
        _latent.Dispose();
    }

    /// <summary>v less a product with J or its transpose; nothing is paid for where the map is constant near the iterate.</summary>
    private Tensor Less(Tensor vectors, Func<Tensor, Tensor> product)
    {
        if (_jacobian.IsZero)
        {
            return vectors.clone();
        }

        using DisposeScope scope = NewDisposeScope();
        MeteredMap.Charge(_map, Count);
        Tensor along = _rows.Restore(vectors).to(_jacobian.Value.dtype);
        return (vectors - _rows.Flatten(product(along)).to(vectors.dtype)).MoveToOuterDisposeScope();
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
            if (whole._jacobian.IsZero)
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
