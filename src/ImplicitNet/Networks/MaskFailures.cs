using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Leaves failed samples out: their latents send back no gradient, and <see cref="ImplicitResult.Average"/> does not
/// count their losses. The report still says which they were.
/// </summary>
public sealed record MaskFailures : FailurePolicy
{
    /// <inheritdoc/>
    public override FixedPointSolution Handle(FixedPointMap map, FixedPointSolution solution, FixedPointSolver solver, StoppingRule stopping) => solution;

    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => sample.Status != SolveStatus.Converged;
}
