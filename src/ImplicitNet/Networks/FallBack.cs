using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Solves the failed samples again with another solver, from their best iterates, and hands what still fails to the
/// next policy. The report adds up steps and evaluations of both solves.
/// </summary>
public sealed record FallBack : FailurePolicy
{
    /// <summary>The second solver; default <see cref="PicardSolver"/> with damping 0.5.</summary>
    public FixedPointSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new PicardSolver { Damping = 0.5 };

    /// <summary>What to do about samples that fail again; default <see cref="ThrowOnFailure"/>.</summary>
    public FailurePolicy Then
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Then));
    } = new ThrowOnFailure();

    /// <inheritdoc/>
    public override FixedPointSolution Handle(FixedPointMap map, FixedPointSolution solution, FixedPointSolver solver, StoppingRule stopping)
    {
        ArgumentNullException.ThrowIfNull(solution);
        if (solution.Report.AllConverged)
        {
            return solution;
        }

        FixedPointSolution second = Continuation.Solve(map, solution, solver, Solver, stopping);
        solution.Dispose();
        try
        {
            return Then.Handle(map, second, Solver, stopping);
        }
        catch
        {
            second.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => Then.Excludes(sample);
}
