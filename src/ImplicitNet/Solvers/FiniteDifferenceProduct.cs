using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.QuasiNewton;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// <c>J v ~ (map(u + h v) - map(u)) / h</c>: for any map, at one evaluation per product, for the samples that still need one.
/// </summary>
/// <remarks>
/// <c>h = RelativeStep (||u|| + ||r||) / ||v||</c>, r = map(u) - u: a share of the sample's own size, so that the scale of a problem does
/// not matter, and h is not zero at u = 0 (compare Knoll and Keyes, J. Comput. Phys. 193, 2004, section 2.3). The error is of the order of
/// RelativeStep, so Newton's method converges fast but linearly in the end, and not below the noise of the map. Holds two copies of u.
/// </remarks>
public sealed record FiniteDifferenceProduct : JacobianProduct
{
    /// <summary>
    /// The length of the difference as a share of u; in (0, 1); default null: the square root of the dtype's rounding (1.5e-8 for float64,
    /// 3.5e-4 for float32), at which the errors of rounding and curvature are alike.
    /// </summary>
    public double? RelativeStep
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeStep), value, "The relative step must be in (0, 1).");
    }

    internal override LinearOperator Linearize(IterateRows rows) => new Difference(
        rows, rows.Map, ownsMap: false, rows.Latent.alias(), rows.Residual.alias(),
        RelativeStep ?? Precision.Of(rows.Latent.dtype).DifferenceStep);

    private sealed class Difference(
        IterateRows rows, FixedPointMap map, bool ownsMap, Tensor latent, Tensor residual, double relativeStep) : LinearOperator
    {
        public override Tensor Apply(Tensor vectors)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor size = RowNorms.Column(latent) + RowNorms.Column(residual);
            Tensor length = RowNorms.Column(vectors);
            Tensor step = where((length > 0) & (size > 0), size * relativeStep / length, ones_like(length)).to(vectors.dtype);
            Tensor candidate = (latent + vectors * step).to(latent.dtype);
            Tensor moved = rows.ResidualOf(candidate, map.Evaluate(rows.Restore(candidate)));

            // v - J v from the residuals, r(u) = map(u) - u, whose Jacobian is J - I.
            return ((residual - moved) / step).MoveToOuterDisposeScope();
        }

        public override Tensor ApplyTransposed(Tensor vectors) =>
            throw new NotSupportedException($"Differences of the map give no products with the transpose. "
                + $"Use {nameof(DoubleBackwardProduct)} with this linear solver.");

        internal override double? SymmetryTolerance(ScalarType dtype) => map.IsSymmetric ? null : 100 * relativeStep;

        public override LinearOperator Restrict(Tensor samples) => new Difference(
            rows,
            map.Restrict(samples),
            ownsMap: true,
            latent.index_select(0, samples).DetachFromDisposeScope(),
            residual.index_select(0, samples).DetachFromDisposeScope(),
            relativeStep);

        public override void Dispose()
        {
            latent.Dispose();
            residual.Dispose();
            if (ownsMap)
            {
                map.Dispose();
            }
        }
    }
}
