using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// <c>A = I - J^T</c>, J = dR/du at a latent, for every sample of a batch; a map that couples its samples is one system with
/// one row. Vectors are rows [batch, n], float64 for float64 latents and float32 for others.
/// </summary>
/// <remarks>The map is evaluated, with its graph in u alone, when the first product asks for it.</remarks>
internal sealed class AdjointSystem : LinearOperator
{
    private readonly FixedPointMap _map;
    private readonly Tensor _point;
    private readonly LatentLayout _layout;
    private readonly bool _isCoupled;
    private Tensor? _mapped;
    private Tensor? _dual;
    private Tensor? _transposed;

    /// <summary>Prepares the system.</summary>
    /// <param name="map">The map; it must outlive this.</param>
    /// <param name="latent">u*: [batch, ...].</param>
    public AdjointSystem(FixedPointMap map, Tensor latent)
    {
        _map = map;
        _isCoupled = !map.IsPerSample;
        _layout = LatentLayout.Of(latent);
        _point = latent.detach().requires_grad_().DetachFromDisposeScope();
    }

    /// <summary>Samples times products with J or its transpose, and the evaluation that they came from.</summary>
    public long Products { get; private set; }

    /// <summary>[batch, ...] to rows.</summary>
    public Tensor Flatten(Tensor latents)
    {
        Tensor rows = _layout.Flatten(latents);
        return (_isCoupled ? rows.reshape(1, -1) : rows).to(Precision.Of(rows.dtype).Working);
    }

    /// <summary>Rows to [batch, ...], in the dtype of the latents.</summary>
    public Tensor Restore(Tensor rows) =>
        _layout.Restore(_isCoupled ? rows.reshape(_point.shape[0], -1) : rows).to(_point.dtype);

    /// <summary><c>J^T v</c> for rows v.</summary>
    public Tensor TransposeProduct(Tensor rows)
    {
        Tensor mapped = Evaluate();
        Products += _point.shape[0];
        if (!mapped.requires_grad)
        {
            return zeros_like(rows);
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor product = VectorProducts.TransposeProduct(mapped, _point, Restore(rows));
        return Flatten(product).alias().MoveToOuterDisposeScope();
    }

    /// <summary><c>J v</c> for rows v, by differentiating <c>w -> J^T w</c>, which is linear in w.</summary>
    public Tensor Product(Tensor rows)
    {
        Tensor mapped = Evaluate();
        Products += _point.shape[0];
        using DisposeScope scope = NewDisposeScope();
        if (_transposed is null && mapped.requires_grad)
        {
            using IDisposable graph = enable_grad();
            _dual = zeros_like(mapped).requires_grad_().DetachFromDisposeScope();
            _transposed = VectorProducts.TransposeProduct(mapped, _point, _dual, createGraph: true).DetachFromDisposeScope();
        }

        if (_transposed is null || !_transposed.requires_grad)
        {
            return zeros_like(rows).MoveToOuterDisposeScope();
        }

        Tensor product = VectorProducts.TransposeProduct(_transposed, _dual!, Restore(rows));
        return Flatten(product).detach().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor vectors)
    {
        using Tensor product = TransposeProduct(vectors);
        return vectors - product;
    }

    /// <inheritdoc/>
    public override Tensor ApplyTransposed(Tensor vectors)
    {
        using Tensor product = Product(vectors);
        return vectors - product;
    }

    /// <inheritdoc/>
    public override LinearOperator Restrict(Tensor samples) => new SubsetOperator(this, samples, _isCoupled ? 1 : _point.shape[0]);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _transposed?.Dispose();
        _dual?.Dispose();
        _mapped?.Dispose();
        _point.Dispose();
    }

    private Tensor Evaluate()
    {
        if (_mapped is null)
        {
            using IDisposable graph = enable_grad();
            using DisposeScope scope = NewDisposeScope();
            using FixedPointMap map = _map.With([.. _map.Inputs.Select(input => input.detach())]);
            _mapped = map.Evaluate(_point).DetachFromDisposeScope();
            Products += _point.shape[0];
        }

        return _mapped;
    }
}
