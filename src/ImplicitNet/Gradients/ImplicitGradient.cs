using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The exact gradient, by the implicit function theorem: <c>(I - J^T) w = g</c> is solved, for every sample by itself.
/// </summary>
/// <remarks>
/// Exact up to the residuals of u* and of this adjoint solve (Bai, Kolter and Koltun, NeurIPS 2019; Wu Fung et al., AAAI 2022, eq. 13-14).
/// <see cref="GradientReport.Samples"/> says how the adjoint solve ended; a sample whose adjoint solve did not converge gets the best w
/// that was found. Costs one evaluation and the products of the linear solver in the backward pass; memory is that of one layer and of the
/// linear solver.
/// </remarks>
public sealed record ImplicitGradient : AdjointGradient
{
    /// <summary>How the adjoint equation is solved; default <see cref="GmresSolver"/>.</summary>
    public LinearSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new GmresSolver();

    /// <summary>
    /// Tolerance of the adjoint solve as a share of <c>||g||</c>, dimensionless; in [0, 1); default: 1e-10 for float64
    /// latents, 1e-5 for others.
    /// </summary>
    public double? RelativeTolerance
    {
        get;
        init => field = value is null or (>= 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeTolerance), value, "The relative tolerance must be in [0, 1).");
    }

    /// <inheritdoc/>
    protected internal override string Label => "exact";

    internal override (LinearSolver Solver, double? RelativeTolerance) Exact => (Solver, RelativeTolerance);

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at) => at.Solve(Solver, RelativeTolerance);
}
