using ImplicitNet.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A linear layer <c>W = (1 - m) I - A^T A + B - B^T</c>, of weights A and B: <c>I - W</c> is m-strongly monotone for every A and B,
/// <c>&lt;v, (I - W) v> = m ||v||^2 + ||A v||^2</c> (Winston and Kolter, NeurIPS 2020).
/// </summary>
/// <remarks>
/// What W loses to rounding when it is made of A and B is added to m, so that <c>I - W</c> as it is applied has m, too.
/// </remarks>
public abstract class MonotoneLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Of an image: more pixels than a table of frequencies has room for.</summary>
    private protected const int LongestSide = 1 << 25;

    // Covers the rounding of a bound in float32, about 1e-6.
    private const double LimitMargin = 1 + 1e-5;

    /// <summary>Creates the layer under a module name.</summary>
    /// <param name="name">Of the module.</param>
    /// <param name="monotonicity">m, above 0 and finite.</param>
    protected MonotoneLayer(string name, double monotonicity)
        : base(name) => Monotonicity = monotonicity is > 0 and < double.PositiveInfinity
            ? monotonicity
            : throw new ArgumentOutOfRangeException(
                nameof(monotonicity), monotonicity, "The monotonicity of a layer must be above 0 and finite.");

    /// <summary>m, dimensionless.</summary>
    public double Monotonicity { get; }

    /// <summary>A parameter of the layer, whose dtype and device the latents have.</summary>
    public abstract Parameter Weight { get; }

    /// <summary>Makes W of the weights, in one piece or several, once for all the evaluations of a solve.</summary>
    /// <returns>In the graph of the weights. The caller owns them.</returns>
    public abstract IReadOnlyList<Tensor> Prepare();

    /// <summary><c>W x</c>, or <c>W^T x</c>.</summary>
    /// <param name="input">x: [batch, ...].</param>
    /// <param name="prepared">What <see cref="Prepare"/> returned.</param>
    /// <param name="isTransposed">Whether W is transposed.</param>
    /// <returns>A new tensor in the shape of x, differentiable. The caller owns it.</returns>
    public abstract Tensor Product(Tensor input, IReadOnlyList<Tensor> prepared, bool isTransposed = false);

    /// <summary>Rigorous upper bounds of the norms of <c>I - W</c> and its parts.</summary>
    /// <param name="prepared">What <see cref="Prepare"/> returned.</param>
    public abstract MonotoneNorms BoundNorms(IReadOnlyList<Tensor> prepared);

    /// <summary>A rigorous lower bound of m for the weights as they are applied now, computed in float64.</summary>
    /// <returns>Dimensionless; NaN when a weight is not finite.</returns>
    public double CertifyMonotonicity()
    {
        EnsureDtype();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return LeastMonotonicity([.. Prepare().Select(piece => piece.to(ScalarType.Float64))]);
    }

    /// <summary>Whether there is a resolvent that costs about as much as a product, once it is prepared.</summary>
    internal virtual bool HasDirectResolvent => false;

    /// <summary>Prepares products without a graph, cheaper than <see cref="Product"/>; null: there are none. The caller owns it.</summary>
    internal virtual PreparedOperator? CreateProduct(IReadOnlyList<Tensor> prepared) => null;

    /// <summary>Prepares <c>(I + alpha (I - W))^-1</c>. The caller owns it.</summary>
    internal virtual PreparedOperator CreateResolvent(IReadOnlyList<Tensor> prepared, double alpha) =>
        new KrylovResolvent(this, prepared, alpha);

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor input)
    {
        EnsureFits(input, nameof(input), "The input");
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<Tensor> prepared = Prepare();
        return Product(input, prepared).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses a tensor that is no latent of this layer.</summary>
    /// <param name="tensor">[batch, ...].</param>
    /// <param name="name">Of the argument.</param>
    /// <param name="what">What it is, in words.</param>
    internal void EnsureFits(Tensor tensor, string name, string what)
    {
        EnsureDtype();
        TensorCheck.EnsureBatch(tensor, name, what);
        if (!Fits(tensor.shape))
        {
            throw new ArgumentException($"{what} must be {Shape}. Given: {TensorCheck.Describe(tensor)}.", name);
        }

        TensorCheck.EnsureLike(tensor, Weight, name, what);
    }

    /// <summary>
    /// Refuses weights that were moved to a dtype in which no layer is made: there are no Fourier transforms in half precision.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are neither float32 nor float64.</exception>
    internal void EnsureDtype()
    {
        if (Weight.dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new InvalidOperationException(
                $"The weight of a monotone layer is float32 or float64. It was moved to {Weight.dtype}: move it back.");
        }
    }

    /// <summary>
    /// A lower bound of the smallest eigenvalue of the symmetric part of <c>I - W</c>, found in a different way from how W is made: the
    /// certificate.
    /// </summary>
    /// <param name="prepared">What <see cref="Prepare"/> returned, in float64.</param>
    /// <returns>Dimensionless; NaN where an element is not finite.</returns>
    protected abstract double LeastMonotonicity(IReadOnlyList<Tensor> prepared);

    /// <summary>Whether a shape is that of latents.</summary>
    protected abstract bool Fits(long[] shape);

    /// <summary>Such shapes as text, for a message.</summary>
    protected abstract string Shape { get; }

    /// <inheritdoc cref="DrawnWeight.Of"/>
    private protected static Parameter Drawn(long[] shape, ScalarType dtype) =>
        DrawnWeight.Of("a monotone layer", shape, dtype, ScalarType.Float32, ScalarType.Float64);

    /// <summary>
    /// What is added to m: at least what <c>I - W</c> loses when it is summed in float64, rounded to its dtype, and certified.
    /// </summary>
    /// <param name="symmetric">A.</param>
    /// <param name="skew">B.</param>
    /// <param name="terms">Products in a sum.</param>
    /// <param name="spread">By how many times the Frobenius norm of an error the operator norm can change.</param>
    private protected double Margin(Tensor symmetric, Tensor skew, long terms, double spread)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        double a = linalg.vector_norm(symmetric.to(ScalarType.Float64)).ToDouble();
        double b = linalg.vector_norm(skew.to(ScalarType.Float64)).ToDouble();
        double size = 1 + Monotonicity + (spread * a * a) + (2 * b);
        double sum = (16 + (8 * terms)) * Precision.Of(ScalarType.Float64).Roundoff;
        return spread * (sum + (2 * Precision.Of(Weight.dtype).Roundoff)) * size;
    }

    /// <summary>Refuses a limit of the norm that leaves nothing beside m.</summary>
    private protected static double? Limit(double? lipschitz, double monotonicity) =>
        lipschitz is null || (lipschitz > monotonicity && double.IsFinite(lipschitz.Value))
            ? lipschitz
            : throw new ArgumentOutOfRangeException(
                nameof(lipschitz), lipschitz, $"The limit of the norm of I - W must be above m = {monotonicity} and finite.");

    /// <summary>
    /// A and <c>B - B^T</c>, each made smaller, in the graph, where it has more than half of what a limit of the norm of <c>I - W</c>
    /// leaves beside m; and the bounds of their norms that were taken for it.
    /// </summary>
    /// <param name="symmetric">A, in float64.</param>
    /// <param name="skew"><c>B - B^T</c>, in float64.</param>
    /// <param name="limit">Of the norm of <c>I - W</c>; null: none, and nothing is bounded.</param>
    /// <param name="bound">[1], of a weight whose largest element is 1, in its graph.</param>
    private protected (Tensor Symmetric, Tensor Skew, (Tensor Symmetric, Tensor Skew)? Norms) Limited(
        Tensor symmetric, Tensor skew, double? limit, Func<Tensor, Tensor> bound)
    {
        if (limit is not { } most)
        {
            return (symmetric, skew, null);
        }

        double half = (most - Monotonicity) / 2;
        (Tensor a, Tensor aNorm) = Limited(symmetric, bound, Math.Sqrt(half));
        (Tensor s, Tensor sNorm) = Limited(skew, bound, half);
        return (a, s, (aNorm, sNorm));
    }

    /// <summary>
    /// What <see cref="Prepare"/> returns: W, and where a limit took bounds of the norms those of the parts of <c>I - W</c>, [2], without a
    /// graph.
    /// </summary>
    private protected IReadOnlyList<Tensor> Prepared(Tensor whole, (Tensor Symmetric, Tensor Skew)? norms, double margin)
    {
        Tensor stored = whole.to(Weight.dtype).MoveToOuterDisposeScope();
        return norms is not ({ } a, { } s)
            ? [stored]
            : [stored, cat([a.detach().square() + (Monotonicity + (2 * margin)), s.detach() + margin]).MoveToOuterDisposeScope()];
    }

    /// <summary>The bounds that a limit took; null where there is none.</summary>
    private protected static MonotoneNorms? KnownNorms(IReadOnlyList<Tensor> prepared)
    {
        if (prepared.Count == 1)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        double[] norms = [.. prepared[1].to(ScalarType.Float64).cpu().data<double>()];
        return new MonotoneNorms(norms[0] + norms[1], norms[0], norms[1]);
    }

    private (Tensor Weight, Tensor Norm) Limited(Tensor weight, Func<Tensor, Tensor> bound, double limit)
    {
        // In the dtype of the weights, where it takes half the time, and at any scale.
        Tensor largest = weight.detach().abs().max().clamp_min(1e-300);
        Tensor norm = bound((weight / largest).to(Weight.dtype)).to(ScalarType.Float64) * largest * LimitMargin;
        return (weight * (limit / norm.clamp_min(limit)), norm.clamp_max(limit));
    }

    /// <summary>What the certificate in float64 may be off by.</summary>
    /// <param name="size">The Frobenius norm of what was decomposed.</param>
    /// <param name="terms">Its side, or the products in a sum.</param>
    private protected static double CertificateRounding(double size, long terms) =>
        (4 + (2 * terms)) * Precision.Of(ScalarType.Float64).Roundoff * size;
}
