using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Differentiation;

/// <summary>
/// J = d map / du at a point, by autograd: <c>J^T v</c> from the graph of one evaluation, <c>J v</c> from that of <c>w -> J^T w</c>,
/// which is linear in w. A map whose value depends on u where its graph does not is refused here, for all that use a Jacobian.
/// </summary>
internal sealed class PointJacobian : IDisposable
{
    private readonly Func<Tensor, Tensor> _map;
    private readonly string _advice;
    private Tensor? _dual;
    private Tensor? _transposed;
    private bool? _isZero;

    /// <summary>Evaluates the map with its graph.</summary>
    /// <param name="map">From [batch, ...] to the same; called once more, beside the point, where the graph does not reach u.</param>
    /// <param name="latent">The point: [batch, ...].</param>
    /// <param name="advice">What to do about a map that hides its graph: a sentence.</param>
    public PointJacobian(Func<Tensor, Tensor> map, Tensor latent, string advice)
    {
        _map = map;
        _advice = advice;
        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor point = latent.detach().requires_grad_();
        // On a copy: a map may write into its argument.
        Tensor value = map(point.clone()).alias();
        Point = point.DetachFromDisposeScope();
        Value = value.DetachFromDisposeScope();
    }

    /// <summary>The point, which requires a gradient.</summary>
    public Tensor Point { get; }

    /// <summary>map(point), with its graph.</summary>
    public Tensor Value { get; }

    /// <summary>Whether <see cref="Product"/> has to make do with differences of the map.</summary>
    public bool IsByDifferences { get; private set; }

    /// <summary>True where the map was found to be constant near the point; a product tells.</summary>
    public bool IsZero => _isZero == true;

    /// <summary><c>J^T v</c>. The caller owns it.</summary>
    /// <param name="vector">v: the shape of the point.</param>
    /// <param name="createGraph">True to differentiate the product again.</param>
    /// <exception cref="InvalidOperationException">The map hides its graph, or autograd cannot differentiate it.</exception>
    public Tensor TransposeProduct(Tensor vector, bool createGraph = false)
    {
        if (_isZero is null || _isZero == false)
        {
            Tensor? product = Value.requires_grad ? VectorProducts.TransposeProducts(Value, [Point], vector, createGraph)[0] : null;
            if (product is not null)
            {
                _isZero = false;
                return product;
            }

            EnsureConstant();
            _isZero = true;
        }

        return zeros_like(Point);
    }

    /// <summary><c>J v</c>, without a graph. The caller owns it.</summary>
    /// <param name="vector">v: the shape of the point.</param>
    /// <exception cref="InvalidOperationException">The map hides its graph, or autograd cannot differentiate it twice.</exception>
    public Tensor Product(Tensor vector)
    {
        using DisposeScope scope = NewDisposeScope();
        Prepare();
        return IsZero ? zeros_like(Value.detach()).MoveToOuterDisposeScope()
            : VectorProducts.TransposeProduct(_transposed!, _dual!, vector).detach().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// As <see cref="Product"/>; where torch has no second derivative of an operation, to the square root of the rounding, by the
    /// difference quotient of the map along v.
    /// </summary>
    /// <param name="vector">v: the shape of the point.</param>
    public Tensor ProductOrDifference(Tensor vector)
    {
        if (!IsByDifferences)
        {
            // A map that hides its graph, or has no first derivative, is refused: differences stand in for the second alone.
            Prepare();
            try
            {
                return Product(vector);
            }
            catch (MissingDerivativeException)
            {
                IsByDifferences = true;
            }
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = Rows(Point.detach());
        Tensor value = Rows(Value.detach());
        Tensor along = Rows(vector).to(latent.dtype);
        Tensor length = RowNorms.Column(along);
        Tensor size = (RowNorms.Column(latent) + RowNorms.Column(value)) * Precision.Of(latent.dtype).DifferenceStep;
        Tensor step = where((length > 0) & (size > 0), size / length, ones_like(length)).to(latent.dtype);
        Tensor moved = Rows(_map((latent + (along * step)).reshape(Point.shape)));
        return ((moved - value) / step).reshape(Point.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Makes the graph that <see cref="Product"/> needs, and finds out whether the map is constant.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="Product"/>.</exception>
    public void Prepare()
    {
        if (_transposed is not null || IsZero)
        {
            return;
        }

        using IDisposable graph = enable_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor dual = zeros_like(Value.detach()).requires_grad_();
        Tensor transposed = TransposeProduct(dual, createGraph: true);
        if (!transposed.requires_grad)
        {
            EnsureConstant();
            _isZero = true;
            return;
        }

        _dual = dual.DetachFromDisposeScope();
        _transposed = transposed.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transposed?.Dispose();
        _dual?.Dispose();
        Value.Dispose();
        Point.Dispose();
    }

    /// <summary>
    /// Without a graph the map must be constant: it is looked at a little beside the point, by the share that a difference
    /// quotient takes, in a direction that no symmetry of a map is likely to have.
    /// </summary>
    private void EnsureConstant()
    {
        if (Point.numel() == 0)
        {
            return;
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = Point.detach();
        Tensor value = Value.detach();
        Tensor rows = Rows(latent);
        Precision precision = Precision.Of(latent.dtype);
        Tensor size = (RowNorms.Column(rows) + RowNorms.Column(Rows(value))).to(precision.Working);
        Tensor direction = arange(1, rows.shape[1] + 1, dtype: precision.Working, device: latent.device).sin();
        Tensor beside = (rows + (size * precision.DifferenceStep * direction / linalg.vector_norm(direction))).to(latent.dtype);
        Tensor moved = _map(beside.reshape(latent.shape));
        if (((value != moved) & value.isfinite()).any().ToBoolean())
        {
            throw new HiddenGraphException(
                "The map's value depends on u, but its graph does not (a detach or no_grad in it, perhaps): "
                + "autograd cannot differentiate it. "
                + _advice);
        }
    }

    private static Tensor Rows(Tensor latents) => latents.reshape(latents.shape[0], -1);
}
