using ImplicitNet.Differentiation;
using ImplicitNet.Solvers.Loop;

namespace ImplicitNet.Solvers;

/// <summary>
/// A solver made of several: the samples that one leaves unconverged are the next one's. Every change and its reason is in
/// <see cref="SolveReport.Changes"/>.
/// </summary>
/// <remarks>
/// A sample that ran out of steps with a residual of at most a thousandth of that at the start goes on from the iterate that the stopping
/// rule would return. Any other is stuck or lost there, and begins at the start again: from where one method got stuck the next one solves
/// less, and takes longer. What all of them leave is tried once more by all but the first, from the iterate that the rule would return.
/// A solver that needs a derivative where the map has none, or hides it, is passed over; where all but the first are, the error is theirs.
/// <para>
/// Each solver has the full step limit of the stopping rule each time; the report adds up steps and evaluations. A sample that none of them
/// can solve keeps the status of the last one, and the iterate to be returned among those of all.
/// </para>
/// </remarks>
public sealed record SolverChain : FixedPointSolver
{
    /// <summary>
    /// The solvers in the order in which they are tried; at least one, none of them a chain. Default: Anderson; Newton-Krylov; Newton's own
    /// steps, solved to a hundredth and taken at full length, which leave the valleys that a line search ends in; and Picard with damping
    /// 0.5, which needs no derivative.
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
        new NewtonKrylovSolver(),
        new NewtonKrylovSolver { Forcing = new ForcingTerm { Initial = 0.01, Maximum = 0.01 }, LineSearch = null, GrowthLimit = 1000 },
        new PicardSolver { Damping = 0.5 },
    ];

    /// <inheritdoc/>
    public bool Equals(SolverChain? other) => other is not null && Solvers.SequenceEqual(other.Solvers);

    /// <inheritdoc/>
    public override int GetHashCode() => Solvers.Aggregate(0, HashCode.Combine);

    /// <summary>The solvers in order.</summary>
    public override string ToString() => $"SolverChain [{string.Join(", ", Solvers)}]";

    internal override FixedPointSolution Solve(SolveContext context)
    {
        InvalidOperationException? refusal = null;
        FixedPointSolution solution = Solvers[0].Solve(context);
        FixedPointSolver last = Solvers[0];
        foreach (bool isAgain in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (FixedPointSolver next in Solvers.Skip(1))
            {
                if (solution.Report.AllConverged)
                {
                    return solution;
                }

                try
                {
                    FixedPointSolution further = Continuation.Solve(context, solution, last, next, fromBest: isAgain);
                    solution.Dispose();
                    (solution, last) = (further, next);
                }
                catch (InvalidOperationException exception) when (exception is HiddenGraphException or MissingDerivativeException)
                {
                    refusal = exception;
                }
                catch
                {
                    solution.Dispose();
                    throw;
                }
            }
        }

        if (refusal is null || solution.Report.Changes.Count > 0)
        {
            return solution;
        }

        // All that might have helped needs what the map does not have.
        solution.Dispose();
        throw refusal;
    }
}
