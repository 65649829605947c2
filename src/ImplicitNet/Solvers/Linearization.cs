using ImplicitNet.Batches;
using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// <c>I - J</c>, J = d map / du at a latent, for every sample by itself; a map that couples its samples is one system with one row. As
/// an operator it takes rows [batch, n]; <see cref="Product"/> and <see cref="TransposeProduct"/> take latents [batch, ...].
/// </summary>
/// <remarks>
/// The map is evaluated when the first product asks for it: one evaluation with its graph. A product with the transpose is one backward
/// pass; one with J is a pass through the graph of such a pass, which is made once. That evaluation and every product are counted, once for
/// every sample in them. Where the map is constant, nothing is computed. A map whose value depends on u although its graph does not is
/// refused. Not thread-safe.
/// </remarks>
public sealed class Linearization : LinearOperator
{
    private readonly MeteredMap _map;
    private readonly bool _ownsMap;
    private readonly long _paidBefore;
    private readonly LatentLayout _layout;
    private readonly string _advice;
    private PointJacobian? _jacobian;
    private long _idleProducts;

    /// <summary>Prepares it; nothing is evaluated yet.</summary>
    /// <param name="map">The map; it must outlive this. One that counts its evaluations counts the products too.</param>
    /// <param name="latent">The point: [batch, ...], in the memory layout that rows are to have.</param>
    /// <param name="advice">What to do about a map that hides its graph: a sentence.</param>
    internal Linearization(FixedPointMap map, Tensor latent, string advice)
        : this(
            map as MeteredMap ?? new MeteredMap(map),
            latent.detach().DetachFromDisposeScope(),
            LatentLayout.Of(latent),
            advice,
            ownsMap: false)
    {
    }

    private Linearization(MeteredMap map, Tensor latent, LatentLayout layout, string advice, bool ownsMap)
    {
        _map = map;
        _paidBefore = map.Evaluations;
        _ownsMap = ownsMap;
        _layout = layout;
        _advice = advice;
        Latent = latent;
    }

    /// <summary>The latent at which the map is linearized: [batch, ...], without a graph. Owned by this object.</summary>
    public Tensor Latent { get; }

    /// <summary>Whether differences of the map stand in for products with J where torch has no second derivative of an operation.</summary>
    internal bool TakesDifferences { get; init; }

    /// <summary>What the map gave at the point before: another value now is refused. Null: nothing is compared.</summary>
    internal ValueWitness? Witness { get; init; }

    /// <summary>What was paid, in applications of the map to a sample: evaluations and products.</summary>
    internal long Paid => _map.Evaluations - _paidBefore;

    /// <summary>Whether a product has found the map to be constant near the point: J is zero.</summary>
    internal bool IsConstant => _jacobian is { IsZero: true };

    /// <summary>The map as a splitting; null of any other.</summary>
    internal SplittingMap? Splitting => SplittingMap.Behind(_map);

    /// <summary>Rows: samples, or one for a coupled batch.</summary>
    private long Count => _map.IsPerSample ? Latent.shape[0] : 1;

    /// <summary><c>J v</c>. Costs one evaluation per sample.</summary>
    /// <param name="vector">v: [batch, ...], the shape of the latents.</param>
    /// <returns>The shape and dtype of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">v has a different shape.</exception>
    /// <exception cref="InvalidOperationException">The map hides its graph, or autograd cannot differentiate it twice.</exception>
    public Tensor Product(Tensor vector) =>
        _map.IsSymmetric ? TransposeProduct(vector) : Counted(vector, static (jacobian, along) => jacobian.Product(along));

    /// <summary><c>J^T v</c>. Costs one evaluation per sample.</summary>
    /// <param name="vector">v: [batch, ...], the shape of the latents.</param>
    /// <returns>The shape and dtype of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">v has a different shape.</exception>
    /// <exception cref="InvalidOperationException">The map hides its graph, or autograd cannot differentiate it.</exception>
    public Tensor TransposeProduct(Tensor vector) => Counted(vector, static (jacobian, along) => jacobian.TransposeProduct(along).detach());

    /// <summary><c>v - J v</c> for rows v.</summary>
    /// <inheritdoc/>
    public override Tensor Apply(Tensor vectors)
    {
        if (_map.IsSymmetric)
        {
            return ApplyTransposed(vectors);
        }

        Tensor left = Less(vectors, TakesDifferences
            ? static (jacobian, along) => jacobian.ProductOrDifference(along)
            : static (jacobian, along) => jacobian.Product(along));
        if (_jacobian!.IsByDifferences)
        {
            _map.NoteDifferences();
        }

        return left;
    }

    /// <summary><c>v - J^T v</c> for rows v.</summary>
    /// <inheritdoc/>
    public override Tensor ApplyTransposed(Tensor vectors) =>
        Less(vectors, static (jacobian, along) => jacobian.TransposeProduct(along).detach());

    /// <inheritdoc/>
    public override LinearOperator Restrict(Tensor samples) => new Restriction(this, samples.alias().DetachFromDisposeScope());

    /// <inheritdoc/>
    public override void Dispose()
    {
        _jacobian?.Dispose();
        Latent.Dispose();
        if (_ownsMap)
        {
            _map.Dispose();
        }
    }

    /// <summary>Products are made in the dtype of the latents.</summary>
    internal override double? SymmetryTolerance(ScalarType dtype) => _map.IsSymmetric ? null : Precision.Of(Latent.dtype).Asymmetry;

    /// <summary><c>J^T v</c> in the graph of v and of what the map computes with. The caller owns it.</summary>
    internal Tensor DifferentiableTransposeProduct(Tensor vector) =>
        Counted(vector, static (jacobian, along) => jacobian.TransposeProduct(along, createGraph: true));

    /// <summary>Counts work that is no product with J but costs as much.</summary>
    /// <param name="evaluations">The applications of the map to a sample that it is worth.</param>
    internal void Charge(long evaluations) => _map.Charge(evaluations);

    /// <summary>[batch, ...] to rows in the memory order of the point: float64 for float64 latents and float32 for others.</summary>
    internal Tensor Flatten(Tensor latents)
    {
        Tensor rows = _layout.Flatten(latents);
        return (_map.IsPerSample ? rows : rows.reshape(1, rows.numel())).to(Precision.Of(rows.dtype).Working);
    }

    /// <summary>Rows to [batch, ...], in the dtype of the latents.</summary>
    internal Tensor Restore(Tensor rows)
    {
        long batch = Latent.shape[0];
        return _layout.Restore(_map.IsPerSample ? rows : rows.reshape(batch, rows.numel() / Math.Max(1, batch))).to(Latent.dtype);
    }

    private Tensor Less(Tensor vectors, Func<PointJacobian, Tensor, Tensor> product)
    {
        using DisposeScope scope = NewDisposeScope();
        return (vectors - Flatten(Counted(Restore(vectors), product)).to(vectors.dtype)).MoveToOuterDisposeScope();
    }

    private Tensor Counted(Tensor vector, Func<PointJacobian, Tensor, Tensor> product)
    {
        TensorCheck.EnsureBatch(vector, nameof(vector), "The vector");
        if (!vector.shape.AsSpan().SequenceEqual(Latent.shape))
        {
            throw new ArgumentException(
                $"The vector must have the shape of the latents, {TensorCheck.Shape(Latent)}. It has {TensorCheck.Shape(vector)}.",
                nameof(vector));
        }

        using DisposeScope scope = NewDisposeScope();
        if (_jacobian is null)
        {
            _jacobian = new PointJacobian(_map.Evaluate, Latent, _advice);
            Witness?.EnsureSame(_jacobian.Value);
        }

        Tensor result = product(_jacobian, vector.to(Latent.dtype));
        if (!_jacobian.IsZero)
        {
            _map.Charge(Latent.shape[0]);
        }

        return result.to(vector.dtype).MoveToOuterDisposeScope();
    }

    private Linearization Of(Tensor samples)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = _layout.Restore(_layout.Flatten(Latent).index_select(0, samples));
        return new Linearization((MeteredMap)_map.Restrict(samples), latent.DetachFromDisposeScope(), _layout, _advice, ownsMap: true)
        {
            TakesDifferences = TakesDifferences,
            Witness = Witness?.Restrict(samples),
        };
    }

    /// <summary>
    /// Some samples of a linearization: by its products, with zeros for the others, until the products paid for the others
    /// would cost as much as a linearization of these alone. What is paid in vain is then at most twice what the best choice
    /// of that moment would have cost.
    /// </summary>
    private sealed class Restriction(Linearization whole, Tensor samples) : LinearOperator
    {
        private Linearization? _own;

        public override Tensor Apply(Tensor vectors) => Through(vectors, static (linear, rows) => linear.Apply(rows));

        public override Tensor ApplyTransposed(Tensor vectors) => Through(vectors, static (linear, rows) => linear.ApplyTransposed(rows));

        internal override double? SymmetryTolerance(ScalarType dtype) => whole.SymmetryTolerance(dtype);

        public override LinearOperator Restrict(Tensor chosen) =>
            _own?.Restrict(chosen) ?? new Restriction(whole, samples.index_select(0, chosen).DetachFromDisposeScope());

        public override void Dispose()
        {
            samples.Dispose();
            _own?.Dispose();
        }

        private Tensor Through(Tensor vectors, Func<Linearization, Tensor, Tensor> product)
        {
            if (whole.IsConstant)
            {
                return vectors.clone();
            }

            using DisposeScope scope = NewDisposeScope();
            long count = vectors.shape[0];
            long idle = whole.Count - count;
            if (_own is null && whole._idleProducts + idle >= count)
            {
                _own = whole.Of(samples);
            }

            if (_own is not null)
            {
                return product(_own, vectors).MoveToOuterDisposeScope();
            }

            whole._idleProducts += idle;
            Tensor all = vectors.new_zeros([whole.Count, vectors.shape[1]]).index_copy_(0, samples, vectors);
            return product(whole, all).index_select(0, samples).MoveToOuterDisposeScope();
        }
    }
}
