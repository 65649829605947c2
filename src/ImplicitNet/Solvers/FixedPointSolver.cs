using ImplicitNet.Solvers.Loop;

namespace ImplicitNet.Solvers;

/// <summary>
/// A method that finds fixed points: it holds options, and no state of any solve. One solver serves any number of solves, also at the same
/// time. To write a method of your own, derive from <see cref="IterativeSolver"/>.
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
