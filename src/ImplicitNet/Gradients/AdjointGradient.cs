using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// A gradient that sends one direction <c>w = w(g)</c> through one application of R: JFB, the exact gradient, and all between them. They
/// differ in the direction only.
/// </summary>
/// <remarks>
/// Attaching costs one evaluation with its graph; what the direction costs is paid in the backward pass. Memory does not grow with the
/// steps of the solve or of the adjoint solve. When a backward pass is itself to be differentiated (<c>create_graph</c>), the direction is
/// the exact one whatever the strategy, since only that one has correct derivatives, and it is itself attached by the implicit function
/// theorem: second derivatives are those of the network. The graph of a second derivative is refused, as is a map that hides its
/// parameters: the gradient is NaN, and the report says why.
/// </remarks>
public abstract record AdjointGradient : FixedPointGradient
{
    /// <summary>
    /// Whether the direction uses the solution's <see cref="FixedPointSolution.Inverse"/>, which the graph then keeps; default false. A
    /// solution without one is refused.
    /// </summary>
    protected internal virtual bool NeedsInverse => false;

    /// <summary>
    /// Whether the direction uses the Jacobian of the map, which is evaluated again for it; default true. If false, nothing is kept for it,
    /// and there is no <see cref="AdjointContext.Linearization"/>.
    /// </summary>
    protected internal virtual bool NeedsJacobian => true;

    /// <summary>How the exact direction is solved for where it stands in for this one.</summary>
    internal virtual (LinearSolver Solver, double? RelativeTolerance) Exact => (new GmresSolver(), null);

    /// <summary>Computes w for g in one backward pass. Gradients are disabled.</summary>
    /// <remarks>
    /// Called by the native library, on any thread, possibly for several batches of one network at a time, so it must keep no state. An
    /// exception makes the gradient NaN and is reported as <see cref="GradientReport.Failure"/>. All tensors made here are released.
    /// </remarks>
    /// <param name="at">g, I - J at u*, and what else there is.</param>
    /// <returns>The shape, dtype and device of g; may be g itself.</returns>
    public abstract Tensor Direction(AdjointContext at);

    /// <summary>Refuses a solution that lacks what the direction is made of.</summary>
    /// <exception cref="InvalidOperationException">The solver kept no inverse, and the direction needs it.</exception>
    internal void EnsureUsable(FixedPointSolution solution)
    {
        if (NeedsInverse && solution.Inverse is null && solution.Latent.shape[0] > 0)
        {
            throw new InvalidOperationException(
                $"{GetType().Name} needs a solver that keeps its inverse: "
                + "give the network a BroydenSolver with KeepInverse = true, first where it stands in a chain.");
        }
    }

    /// <inheritdoc/>
    protected sealed override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        EnsureUsable(solution);
        return AdjointPass.Attach(map, solution, this, report);
    }
}
