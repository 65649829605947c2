using ImplicitNet.Solvers.Loop;

namespace ImplicitNet.Solvers;

/// <summary>
/// A method that finds fixed points: its options, and nothing of any solve. One solver serves any number of solves, at once too. A method
/// of one's own is an <see cref="IterativeSolver"/>.
/// </summary>
public abstract record FixedPointSolver
{
    // Closed to other libraries: a solve ends by statuses that the loop alone gives.
    private protected FixedPointSolver()
    {
    }

    /// <summary>Solves. The caller owns the solution.</summary>
    internal abstract FixedPointSolution Solve(SolveContext context);
}
