using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>The exact gradient, to the tolerance that a reference has.</summary>
/// <param name="Solver">How it is solved for.</param>
/// <param name="Tolerance">To which share of ||g||; null: by the dtype.</param>
internal sealed record ReferenceGradient(LinearSolver Solver, double? Tolerance) : AdjointGradient
{
    /// <inheritdoc/>
    internal override (LinearSolver Solver, double? RelativeTolerance) Exact => (Solver, Tolerance);

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at) =>
        at.Solve(Solver, Tolerance ?? Precision.Of(at.Gradient.dtype).ReferenceTolerance);
}
