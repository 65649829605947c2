using ImplicitNet.Batches;
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
    private const string Advice =
        $"Take it out of the map, or choose {nameof(JacobianFreeGradient)}, "
        + "which differentiates one application of the map alone and needs no Jacobian.";

    private readonly FixedPointMap _map;
    private readonly Tensor _latent;
    private readonly LatentLayout _layout;
    private readonly bool _isCoupled;
    private readonly ValueWitness? _witness;
    private PointJacobian? _jacobian;

    /// <summary>Prepares the system.</summary>
    /// <param name="map">The map; it must outlive this.</param>
    /// <param name="latent">u*: [batch, ...].</param>
    /// <param name="witness">What the map gave there when it was attached; null: nothing is compared.</param>
    public AdjointSystem(FixedPointMap map, Tensor latent, ValueWitness? witness = null)
    {
        _map = map;
        _witness = witness;
        _isCoupled = !map.IsPerSample;
        _layout = LatentLayout.Of(latent);
        _latent = latent.detach().DetachFromDisposeScope();
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
        _layout.Restore(_isCoupled ? rows.reshape(_latent.shape[0], -1) : rows).to(_latent.dtype);

    /// <summary><c>J^T v</c> for rows v.</summary>
    public Tensor TransposeProduct(Tensor rows) => Product(rows, static (jacobian, vector) => jacobian.TransposeProduct(vector).detach());

    /// <summary><c>J v</c> for rows v.</summary>
    public Tensor Product(Tensor rows) => Product(rows, static (jacobian, vector) => jacobian.Product(vector));

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
    public override LinearOperator Restrict(Tensor samples) => new SubsetOperator(this, samples, _isCoupled ? 1 : _latent.shape[0]);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _jacobian?.Dispose();
        _latent.Dispose();
    }

    private Tensor Product(Tensor rows, Func<PointJacobian, Tensor, Tensor> product)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_jacobian is null)
        {
            _jacobian = new PointJacobian(Evaluate, _latent, Advice);
            Products += _latent.shape[0];
            _witness?.EnsureSame(_jacobian.Value);
        }

        Products += _latent.shape[0];
        return Flatten(product(_jacobian, Restore(rows))).alias().MoveToOuterDisposeScope();
    }

    private Tensor Evaluate(Tensor latent)
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = _map.With(_map.Inputs.Select(input => input.detach()));
        return LatentContract.EvaluateCopy(map, latent).MoveToOuterDisposeScope();
    }
}
