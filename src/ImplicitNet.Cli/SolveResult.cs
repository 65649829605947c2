using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Cli;

/// <summary>What solve prints under --json. What is not finite is null.</summary>
internal sealed record SolveResult
{
    public string? Problem { get; init; }

    public string? Model { get; init; }

    public required string Title { get; init; }

    public required int Samples { get; init; }

    public required double Tolerance { get; init; }

    public required double AbsoluteTolerance { get; init; }

    public required int MaxSteps { get; init; }

    public required int Threads { get; init; }

    public required string Device { get; init; }

    public required IReadOnlyList<SolverResult> Solvers { get; init; }

    public required IReadOnlyList<string> Charts { get; init; }

    public required string Page { get; init; }

    /// <summary>The norm of the solvers' error bounds; null where none is known.</summary>
    public string? ErrorNorm { get; init; }

    /// <summary>One solver; its residuals are relative.</summary>
    internal sealed record SolverResult
    {
        public required string Name { get; init; }

        public required IReadOnlyDictionary<string, int> Statuses { get; init; }

        public required double MeanSteps { get; init; }

        public required int MaxSteps { get; init; }

        public required long Evaluations { get; init; }

        public required double Seconds { get; init; }

        public required int Runs { get; init; }

        public required double? MedianResidual { get; init; }

        public required double? WorstResidual { get; init; }

        /// <summary>Every latent is within this of its fixed point; null where that is not known of one.</summary>
        public double? ErrorBound { get; init; }

        public static SolverResult Of(SolverMeasurement solver) => new()
        {
            Name = solver.Name,
            Statuses = Enum.GetValues<SolveStatus>().ToDictionary(status => status.ToString(), solver.Count),
            MeanSteps = solver.MeanSteps,
            MaxSteps = solver.MaxSteps,
            Evaluations = solver.Evaluations,
            Seconds = solver.Seconds,
            Runs = solver.Runs,
            MedianResidual = FiniteNumber.OrNull(Median(solver.RelativeResiduals)),
            WorstResidual = FiniteNumber.OrNull(solver.RelativeResiduals.Max()),
            ErrorBound = FiniteNumber.OrNull(solver.ErrorBound),
        };

        private static double Median(IReadOnlyList<double> values)
        {
            double[] sorted = [.. values.Order()];
            int middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }
}
