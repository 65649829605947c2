using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>A splitting by a <see cref="MonotoneLayer"/>: its leaves differ in the activation.</summary>
internal abstract class MonotoneMap : SplittingMap
{
    private readonly MonotoneMap? _whole;
    private PreparedOperator? _product;
    private bool _isProductKnown;
    private PreparedOperator? _resolvent;
    private double _alpha;
    private long _productsBefore;

    /// <param name="layer">W.</param>
    /// <param name="isTransposed">Whether it is transposed.</param>
    /// <param name="norms">Of I - W.</param>
    /// <param name="inputs">First of those of samples: q. Shared: W as it was prepared.</param>
    /// <param name="whole">The map of which this one has some samples, whose resolvent it shares; null where there is none.</param>
    protected MonotoneMap(MonotoneLayer layer, bool isTransposed, MonotoneNorms norms, MapInputs inputs, MonotoneMap? whole)
        : base(inputs, layer.Monotonicity, norms.Whole, norms.Cocoercivity(layer.Monotonicity))
    {
        Layer = layer;
        Norms = norms;
        IsTransposed = isTransposed;
        _whole = whole;
        IsOwn = true;
    }

    protected MonotoneLayer Layer { get; }

    protected MonotoneNorms Norms { get; }

    protected bool IsTransposed { get; }

    internal override long InnerProducts => _whole?.InnerProducts ?? (_productsBefore + (_resolvent?.Products ?? 0));

    public sealed override Tensor Affine(Tensor latent)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor product = is_grad_enabled() ? Layer.Product(latent, Inputs.Shared, IsTransposed)
            : (_whole ?? this).Product() is { } prepared ? prepared.Apply(latent, IsTransposed)
            : Layer.Product(latent, Inputs.Shared, IsTransposed);
        return product.add(Inputs.PerSample[0]).MoveToOuterDisposeScope();
    }

    public sealed override Tensor Resolvent(Tensor point, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor shifted = point.add(Inputs.PerSample[0].detach(), alpha: alpha);
        return (_whole ?? this).Prepared(alpha).Apply(shifted, IsTransposed).MoveToOuterDisposeScope();
    }

    public sealed override SplittingMap Derivative(Tensor latent, Tensor shift, bool isTransposed)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable graph = enable_grad();
        Tensor point = Affine(latent).detach().requires_grad_();
        Tensor value = Activate(point, 1);
        Tensor slopes = value.requires_grad ? VectorProducts.TransposeProduct(value, point, ones_like(value)) : zeros_like(value);
        Tensor[] rows = [shift.detach().DetachFromDisposeScope(), slopes.detach().DetachFromDisposeScope()];
        Tensor[] shared = [.. Inputs.Shared.Select(piece => piece.detach().DetachFromDisposeScope())];
        return new TangentMap(Layer, isTransposed != IsTransposed, Norms, new MapInputs
        {
            PerSample = rows,
            Shared = shared,
            Parameters = [],
            Owned = [.. rows, .. shared],
        });
    }

    public override void Dispose()
    {
        _product?.Dispose();
        _resolvent?.Dispose();
        base.Dispose();
    }

    /// <summary>The map that a restriction shares its resolvent with: this one or its own, if the weights are the same tensors.</summary>
    protected MonotoneMap? WholeOf(MapInputs inputs) =>
        inputs.Shared.Zip(Inputs.Shared).All(pair => ReferenceEquals(pair.First, pair.Second)) ? _whole ?? this : null;

    private PreparedOperator? Product()
    {
        if (!_isProductKnown)
        {
            _product = Layer.CreateProduct(Inputs.Shared);
            _isProductKnown = true;
        }

        return _product;
    }

    private PreparedOperator Prepared(double alpha)
    {
        if (_resolvent is null || _alpha != alpha)
        {
            _productsBefore = InnerProducts;
            _resolvent?.Dispose();
            _resolvent = null;
            _resolvent = Layer.CreateResolvent(Inputs.Shared, alpha);
            _alpha = alpha;
        }

        return _resolvent;
    }
}
