using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x A^T</c> with <c>A = L R^T</c> of rank k and every row sum of |A| within a limit: <see cref="WellPosedLinear"/> with 2 n k
/// parameters in place of n^2. A contraction in the maximum norm.
/// </summary>
/// <remarks>
/// A row of A is a row of L times R^T: it is divided by dividing that row of L, where its sum is above the limit. The sums are those of A
/// itself, not of a bound from the factors, so that preparing a weight costs n^2 k multiplications, once for each solve; a product costs
/// 2 n k of them for each sample.
/// </remarks>
public sealed class WellPosedLowRank : BoundedLayer
{
    // Of the sum of |L_i| |R_j| over j: what a row sum in float64 may be off by, for each factor in it.
    private const double Rounding = 1e-14;

    // Of the norms of both factors: what decompositions in float64 may be off by.
    private const double EuclideanRounding = 1e-11;

    // Of A in float64, 4 GiB, whose row sums are taken.
    private const long LargestSize = 23_170;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <summary>Creates the layer with factors drawn uniformly, so that elements of A vary as those of a fully connected layer.</summary>
    /// <param name="size">n, the size of inputs and outputs; at least 1 and at most 23,170: row sums take n^2 numbers.</param>
    /// <param name="rank">k; at least 1.</param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the weight would have more than 2^29 numbers, or the dtype is not supported.
    /// </exception>
    public WellPosedLowRank(long size, long rank, ScalarType dtype = ScalarType.Float32)
        : base(nameof(WellPosedLowRank))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, LargestSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        using Tensor data = Uninitialized([2, size, rank], dtype);
        _weight = new Parameter(data);
        _weight.DetachFromDisposeScope();

        // Elements of A then have the variance of those of a fully connected layer: 1 / (3 n).
        nn.init.uniform_(_weight, -Range(size, rank), Range(size, rank));
        RegisterComponents();
    }

    /// <summary>The factors: [2, n, k], L first, then R.</summary>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    public override long Inputs => _weight.shape[1];

    /// <inheritdoc/>
    public override long Outputs => _weight.shape[1];

    /// <summary>The maximum norm.</summary>
    public override ResidualNorm Norm => ResidualNorm.Max;

    /// <inheritdoc/>
    internal override Tensor ScaledWeight(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        Precision precision = Precision.Of(_weight.dtype);
        Tensor wide = _weight.to(ScalarType.Float64);
        (Tensor sums, Tensor magnitudes) = RowSums(wide);

        // A row that is divided is rounded once more, and moves by as much; where elements underflow, by that times those of R.
        double lost = precision.LeastNormal * precision.Roundoff * wide[1].detach().abs().sum().ToDouble();
        Tensor excess = sums * (WellPosedness.BoundMargin / factor);
        Tensor larger = sums + (2 * precision.Roundoff * magnitudes);
        Tensor rounded = larger * (WellPosedness.BoundMargin / (factor - Math.Min(lost, factor / 2)));
        Tensor divisor = where(excess > 1, rounded, ones_like(excess));
        Tensor left = wide[0] / divisor;
        if (lost > factor / 2)
        {
            left = where(excess > 1, zeros_like(left), left);
        }

        return stack([left, wide[1]]).to(_weight.dtype).alias().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>That of the product of two matrices of k x k: those that are left of the factors by orthogonal columns.</remarks>
    internal override double CertifyEuclideanNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor factors = ScaledWeight(factor).to(ScalarType.Float64);
        if (!factors.isfinite().all().ToBoolean())
        {
            return double.NaN;
        }

        (_, Tensor left) = linalg.qr(factors[0], linalg.QRMode.R);
        (_, Tensor right) = linalg.qr(factors[1], linalg.QRMode.R);

        // Rounding is a share of the factors' own norms.
        double largest = SpectralNorm.LargestSingularValue(left) * SpectralNorm.LargestSingularValue(right);
        return SpectralNorm.LargestSingularValue(left.mm(right.T)) + (EuclideanRounding * largest);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) =>
        nn.functional.linear(nn.functional.linear(input, weight[1].T), weight[0]);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return RowSums(weight.to(ScalarType.Float64)).Sums.max().reshape(1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        return RowSums(weight).Sums.max().ToDouble();
    }

    /// <summary>Upper bounds of the row sums of |L R^T|, and the row sums of |L| |R|^T: [n, 1] each, in float64.</summary>
    private static (Tensor Sums, Tensor Magnitudes) RowSums(Tensor weight)
    {
        Tensor magnitudes = weight[0].abs().mm(weight[1].abs().sum([0]).unsqueeze(1));
        Tensor sums = weight[0].mm(weight[1].T).abs().sum(1, keepdim: true);
        return (sums + (Rounding * weight.shape[2] * magnitudes), magnitudes);
    }

    private static double Range(long size, long rank) => Math.Pow(3.0 / ((double)size * rank), 0.25);
}
