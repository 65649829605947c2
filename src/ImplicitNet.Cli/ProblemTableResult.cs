using ImplicitNet.Solvers;

namespace ImplicitNet.Cli;

/// <summary>What solve prints for all problems under --json.</summary>
internal sealed record ProblemTableResult
{
    public string Problem { get; } = "all";

    public required double Tolerance { get; init; }

    public required double AbsoluteTolerance { get; init; }

    public required int MaxSteps { get; init; }

    public required int Threads { get; init; }

    public required string Device { get; init; }

    /// <summary>The totals of every solver.</summary>
    public required IReadOnlyList<SolverTotal> Solvers { get; init; }

    public required IReadOnlyList<ProblemRow> Problems { get; init; }

    /// <summary>One problem: how every solver did, in the order of the totals.</summary>
    internal sealed record ProblemRow
    {
        public required string Name { get; init; }

        public required int Samples { get; init; }

        public required IReadOnlyList<ProblemCell> Solvers { get; init; }
    }

    /// <summary>One solver on one problem.</summary>
    internal sealed record ProblemCell
    {
        public required string Name { get; init; }

        /// <summary>Whether every sample converged.</summary>
        public bool Solved => Statuses.All(status => status.Key == nameof(SolveStatus.Converged) || status.Value == 0);

        public required IReadOnlyDictionary<string, int> Statuses { get; init; }

        public required long Evaluations { get; init; }

        /// <summary>
        /// Of the samples that converged, the largest distance to what is known of the solution, as the problem measures it; null where
        /// nothing is known, none converged or it is not finite.
        /// </summary>
        public required double? LargestError { get; init; }
    }

    /// <summary>One solver on all problems.</summary>
    internal sealed record SolverTotal
    {
        public required string Name { get; init; }

        /// <summary>Problems every sample of which converged.</summary>
        public required int Solved { get; init; }

        /// <summary>Samples that converged.</summary>
        public required int Converged { get; init; }

        /// <summary>On all problems, the unsolved ones too.</summary>
        public required long Evaluations { get; init; }

        public static SolverTotal Of(string name, IReadOnlyList<ProblemCell> cells) => new()
        {
            Name = name,
            Solved = cells.Count(cell => cell.Solved),
            Converged = cells.Sum(cell => cell.Statuses[nameof(SolveStatus.Converged)]),
            Evaluations = cells.Sum(cell => cell.Evaluations),
        };
    }
}
