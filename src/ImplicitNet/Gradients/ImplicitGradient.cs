using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The exact gradient, by the implicit function theorem: <c>(I - J^T) w = g</c> is solved, for every sample by itself.
/// </summary>
/// <remarks>
/// Exact up to the residuals of u* and of this adjoint solve (Bai, Kolter and Koltun, NeurIPS 2019; Wu Fung et al., AAAI
/// 2022, eq. 13-14). <see cref="GradientReport.Samples"/> says how the adjoint solve ended; a sample that did not converge
/// is sent the best w that was found. Costs one evaluation and the products of the linear solver in the backward pass;
/// memory is that of one layer and of the linear solver.
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

    internal override string Label => "exact";

    internal override bool NeedsInverse => false;

    /// <summary>The exact gradient that stands in for another where its derivative is asked for.</summary>
    internal static ImplicitGradient For(AdjointGradient gradient) => gradient as ImplicitGradient ?? new ImplicitGradient();

    internal override bool EvaluatesAgain => true;

    internal override Tensor Direction(AdjointSystem system, Tensor gradient, LowRankInverse? inverse, GradientReport report) =>
        Solve(system, system, gradient, report);

    /// <summary>Solves with I - J instead: what the derivative of the adjoint solve asks for.</summary>
    internal Tensor ForwardDirection(AdjointSystem system, Tensor gradient, GradientReport report)
    {
        using TransposedOperator transposed = new(system);
        return Solve(transposed, system, gradient, report);
    }

    private Tensor Solve(LinearOperator linear, AdjointSystem system, Tensor gradient, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        double tolerance = RelativeTolerance ?? Precision.Of(gradient.dtype).LinearTolerance;
        return AdjointSolve.Run(Solver, linear, system, gradient, tolerance, start: null, report).MoveToOuterDisposeScope();
    }
}
