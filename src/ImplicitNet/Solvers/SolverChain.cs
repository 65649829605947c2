using ImplicitNet.Solvers.Loop;

namespace ImplicitNet.Solvers;

/// <summary>
/// A solver made of several: the samples that one leaves unconverged go on with the next, each from the iterate that the stopping rule
/// would return, by default its best one. Every change and its reason is in <see cref="SolveReport.Changes"/>.
/// </summary>
/// <remarks>
/// Each solver has the full step limit of the stopping rule; the report adds up steps and evaluations. A sample that none of them can solve
/// keeps the status of the last one, and the iterate to be returned among those of all.
/// </remarks>
public sealed record SolverChain : FixedPointSolver
{
    /// <summary>
    /// The solvers in the order in which they are tried; at least one, none of them a chain. Default: Anderson, then Picard with damping
    /// 0.5, then Newton-Krylov with every step solved to a tenth, since what is left for it is hard and loose steps would cost more than
    /// they save.
    /// </summary>
    public IReadOnlyList<FixedPointSolver> Solvers
    {
        get;
        init => field = value is { Count: > 0 } && !value.Any(solver => solver is null or SolverChain)
            ? [.. value]
            : throw new ArgumentException("A chain needs at least one solver, and none of them a chain.", nameof(Solvers));
    } =
    [
        new AndersonSolver(),
        new PicardSolver { Damping = 0.5 },
        new NewtonKrylovSolver { Forcing = new ForcingTerm { Initial = 0.1, Maximum = 0.1 } },
    ];

    /// <inheritdoc/>
    public bool Equals(SolverChain? other) => other is not null && Solvers.SequenceEqual(other.Solvers);

    /// <inheritdoc/>
    public override int GetHashCode() => Solvers.Aggregate(0, HashCode.Combine);

    /// <summary>The solvers in order.</summary>
    public override string ToString() => $"SolverChain [{string.Join(", ", Solvers)}]";

    internal override FixedPointSolution Solve(SolveContext context)
    {
        FixedPointSolution solution = Solvers[0].Solve(context);
        for (int next = 1; next < Solvers.Count && !solution.Report.AllConverged; next++)
        {
            using FixedPointSolution before = solution;
            solution = Continuation.Solve(context, before, Solvers[next - 1], Solvers[next]);
        }

        return solution;
    }
}
