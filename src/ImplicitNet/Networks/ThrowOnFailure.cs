using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>Throws a <see cref="FixedPointException"/> that says how many samples failed, how, and what to try. The default.</summary>
public sealed record ThrowOnFailure : FailurePolicy
{
    /// <inheritdoc/>
    public override FixedPointSolution Handle(FixedPointMap map, FixedPointSolution solution, FixedPointSolver solver, StoppingRule stopping)
    {
        ArgumentNullException.ThrowIfNull(solution);
        solution.Report.ThrowIfFailed();
        return solution;
    }

    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => false;
}
