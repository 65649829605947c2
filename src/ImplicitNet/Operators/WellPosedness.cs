using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Why <c>u = act(A u + q)</c> has one solution, reached from everywhere, for a square matrix A: how <see cref="WellPosedLinear"/> keeps
/// its weight within a limit gamma below 1, and the norm in which it contracts by it. El Ghaoui, Gu, Travacca, Askari, Tsai (2019).
/// </summary>
public abstract record WellPosedness
{
    // Covers the rounding of a bound in float64, and that which a certificate allows for.
    internal const double BoundMargin = 1 + 1e-10;

    private WellPosedness()
    {
    }

    /// <summary>
    /// The sum of magnitudes of every row is at most gamma, <c>||A||_inf &lt;= gamma</c>, by dividing rows that are above it: each on its
    /// own, so that a row within the limit stays as it is. A contraction in the maximum norm. The default.
    /// </summary>
    public static WellPosedness RowSums { get; } = new DividedRows();

    /// <summary>
    /// The same limit, by the nearest row within it, <see cref="L1Ball.Project"/>: elements that are small beside the others of their row
    /// become 0, so that A becomes sparse; they have no gradient as long as they are.
    /// </summary>
    public static WellPosedness RowProjection { get; } = new ProjectedRows();

    /// <summary>
    /// The Perron-Frobenius eigenvalue of |A| is at most gamma, by dividing all of A where it is above: weaker than a limit on rows, and so
    /// with room for larger weights. A contraction in the maximum norm with weights 1 / d, d &gt; 0 such that
    /// <c>(|A| d)_i &lt;= gamma d_i</c>, found anew for each A; a rigorous certificate for whatever d (Collatz 1942, Wielandt 1950).
    /// </summary>
    /// <remarks>
    /// Preparing a weight costs three to six solves with an n x n matrix in float64. The derivative is that of the eigenvalue, where it is
    /// simple. An A that is block-triangular, as that of layers one after the other is, contracts by as little as one likes in a norm whose
    /// weights lie as far apart.
    /// </remarks>
    public static WellPosedness PerronFrobenius { get; } = new ScaledMatrix();

    /// <summary>Whether the norm is another one for another weight.</summary>
    internal virtual bool HasMovingNorm => false;

    /// <summary>The vectors that a weight is bounded with, [2, n] in float64; null where none are needed. The caller owns them.</summary>
    internal abstract Tensor? Vectors(Tensor weight, RememberedBound remembered);

    /// <summary>The norm in which it contracts, with these vectors.</summary>
    internal abstract ResidualNorm Norm(Tensor? vectors);

    /// <summary>The operator norm of a weight in that norm, a bound of it in float64; in the weight's graph. [1] or [n, 1].</summary>
    internal abstract Tensor Bound(Tensor weight, Tensor? vectors);

    /// <summary>The weight within a limit, in its dtype and graph; what is within it already stays, to the bit.</summary>
    /// <param name="weight">[n, n].</param>
    /// <param name="vectors">Of this weight.</param>
    /// <param name="limit">gamma, above 0.</param>
    internal virtual Tensor Limited(Tensor weight, Tensor? vectors, double limit)
    {
        Precision precision = Precision.Of(weight.dtype);
        Tensor wide = weight.to(ScalarType.Float64);
        Tensor excess = Bound(wide, vectors) * (BoundMargin / limit);

        // Rounding adds to an element at most this share of it, but for those below the least normal number, which are left out.
        Tensor limited = wide / where(excess > 1, excess * (1 + (2 * precision.Roundoff)), ones_like(excess));
        Tensor small = limited.detach().abs() < precision.LeastNormal;
        return where((excess > 1).logical_and(small), zeros_like(limited), limited).to(weight.dtype);
    }

    private sealed record DividedRows : WellPosedness
    {
        public override string ToString() => nameof(RowSums);

        internal override Tensor? Vectors(Tensor weight, RememberedBound remembered) => null;

        internal override ResidualNorm Norm(Tensor? vectors) => ResidualNorm.Max;

        internal override Tensor Bound(Tensor weight, Tensor? vectors) => weight.abs().sum(1, keepdim: true);
    }

    private sealed record ProjectedRows : WellPosedness
    {
        public override string ToString() => nameof(RowProjection);

        internal override Tensor? Vectors(Tensor weight, RememberedBound remembered) => null;

        internal override ResidualNorm Norm(Tensor? vectors) => ResidualNorm.Max;

        internal override Tensor Bound(Tensor weight, Tensor? vectors) => RowSums.Bound(weight, vectors);

        internal override Tensor Limited(Tensor weight, Tensor? vectors, double limit)
        {
            Tensor wide = weight.to(ScalarType.Float64);
            Tensor isWithin = Bound(wide.detach(), vectors) * BoundMargin <= limit;

            // Then divided by what rounding may add: next to nothing.
            Tensor projected = RowSums.Limited(L1Ball.Projected(wide, limit).to(weight.dtype), vectors, limit);
            return where(isWithin, weight, projected);
        }
    }

    private sealed record ScaledMatrix : WellPosedness
    {
        public override string ToString() => nameof(PerronFrobenius);

        internal override bool HasMovingNorm => true;

        internal override Tensor? Vectors(Tensor weight, RememberedBound remembered) => remembered.Of(weight, PerronVectors.Of);

        internal override ResidualNorm Norm(Tensor? vectors)
        {
            using Tensor weights = 1 / vectors![0];
            return ResidualNorm.Weighted([.. weights.cpu().data<double>()]);
        }

        internal override Tensor Bound(Tensor weight, Tensor? vectors)
        {
            (Tensor right, Tensor left) = (vectors![0], vectors[1]);
            Tensor product = weight.abs().mv(right);
            Tensor bound = (product.detach() / right).max();

            // The derivative of the eigenvalue, which the bound is but for rounding: by the row where the quotient is largest alone it
            // would be that of a bound for this d, while d moves with A.
            Tensor eigenvalue = left.dot(product) / left.dot(right);
            return (eigenvalue + (bound - eigenvalue.detach())).reshape(1);
        }
    }
}
