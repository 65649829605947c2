using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary><c>x -> x W^T</c> with <c>W = (1 - m) I - A^T A + B - B^T</c>: a fully connected <see cref="MonotoneLayer"/>.</summary>
/// <remarks>
/// Preparing W costs one product of n x n matrices in float64; its resolvent one inverse for each solve, and a product a step.
/// </remarks>
public sealed class MonotoneLinear : MonotoneLayer
{
    [ComponentName(Name = "symmetric")]
    private readonly Parameter _symmetric;

    [ComponentName(Name = "skew")]
    private readonly Parameter _skew;
    private readonly double? _lipschitz;

    /// <summary>Creates the layer with weights drawn as in torch.nn.Linear (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="size">n, the size of a latent; at least 1.</param>
    /// <param name="monotonicity">m, above 0; default 1. The larger, the fewer steps, and the less u* depends on the weights.</param>
    /// <param name="lipschitz">
    /// The most that <c>||I - W||</c> may be, above m: where A or B has more than half of what is left beside m, it is scaled to that, in
    /// the graph, so that no weight takes more steps than this number says. Default null: no limit.
    /// </param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A value is out of its range, a weight would have more than 2^29 numbers, or there is no memory for it.
    /// </exception>
    public MonotoneLinear(long size, double monotonicity = 1, double? lipschitz = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(MonotoneLinear), monotonicity)
    {
        _lipschitz = Limit(lipschitz, monotonicity);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        _symmetric = Drawn([size, size], dtype);
        _skew = Drawn([size, size], dtype);
        RegisterComponents();
    }

    /// <summary>A: [n, n]. Other values to begin with are written into it.</summary>
    public Parameter Symmetric => _symmetric;

    /// <summary>B: [n, n]. Other values to begin with are written into it.</summary>
    public Parameter Skew => _skew;

    /// <inheritdoc/>
    public override Parameter Weight => _symmetric;

    /// <inheritdoc/>
    internal override bool HasDirectResolvent => true;

    private long Size => _symmetric.shape[0];

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Prepare()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor a, Tensor skew) = (_symmetric.to(ScalarType.Float64), _skew.to(ScalarType.Float64));
        skew = skew - skew.t();
        (a, skew, (Tensor, Tensor)? norms) = Limited(a, skew, _lipschitz, Norm);
        double margin = Margin(a, skew, Size, spread: 1);
        Tensor identity = eye(Size, dtype: ScalarType.Float64, device: a.device) * (1 - Monotonicity - margin);
        return Prepared(skew - a.t().mm(a) + identity, norms, margin);
    }

    /// <inheritdoc/>
    public override Tensor Product(Tensor input, IReadOnlyList<Tensor> prepared, bool isTransposed = false)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        using DisposeScope scope = NewDisposeScope();
        return nn.functional.linear(input, isTransposed ? prepared[0].t() : prepared[0]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override MonotoneNorms BoundNorms(IReadOnlyList<Tensor> prepared)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (KnownNorms(prepared) is { } norms)
        {
            return norms;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor whole = eye(Size, dtype: prepared[0].dtype, device: prepared[0].device) - prepared[0];
        return new MonotoneNorms(
            ScaledBound.Of(whole, Norm), ScaledBound.Of((whole + whole.t()) / 2, Norm), ScaledBound.Of((whole - whole.t()) / 2, Norm));
    }

    /// <inheritdoc/>
    internal override PreparedOperator CreateResolvent(IReadOnlyList<Tensor> prepared, double alpha) =>
        new DenseResolvent(prepared[0], alpha);

    /// <inheritdoc/>
    protected override double LeastMonotonicity(IReadOnlyList<Tensor> prepared)
    {
        Tensor rest = eye(Size, dtype: ScalarType.Float64, device: prepared[0].device) - prepared[0];
        if (!rest.isfinite().all().ToBoolean())
        {
            return double.NaN;
        }

        double rounding = CertificateRounding(linalg.vector_norm(rest).ToDouble(), Size);
        return linalg.eigvalsh((rest + rest.t()) / 2).min().ToDouble() - rounding;
    }

    /// <inheritdoc/>
    protected override bool Fits(long[] shape) => shape.Length == 2 && shape[1] == Size;

    /// <inheritdoc/>
    protected override string Shape => $"[batch, {Size}]";

    private static Tensor Norm(Tensor matrix) =>
        SpectralNorm.UpperBound(matrix, SpectralNorm.Largest(matrix.detach().unsqueeze(0)).Estimate);
}
