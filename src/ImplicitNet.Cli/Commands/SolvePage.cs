using System.Globalization;
using ImplicitNet.Reports;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Cli.Commands;

/// <summary>What the page of solve says.</summary>
internal static class SolvePage
{
    public static ReportContent Of(SolveResult result, SolveInput input, Chart chart) => new()
    {
        Title = $"Solvers compared on {result.Title}",
        Summary = $"{input.Source}; {Display.Counted(result.Samples, "sample")}, relative tolerance "
            + $"{WrittenNumber.Of(result.Tolerance)}, at most {Display.Counted(result.MaxSteps, "step")}. {Equation(result)}{Best(result)}",
        Sections =
        [
            new()
            {
                Heading = "Solvers",
                Text = $"Time: the median of several runs after a warm-up, {Display.Counted(result.Threads, "thread")} on {result.Device}. "
                    + $"Residual: {input.Residual}.",
                Table = Table(result),
            },
            new() { Heading = "Residuals", Charts = [chart] },
            PageEnvironment.Section(),
        ],
    };

    // Of a root problem the title says the map, and nothing else says what F is.
    private static string Equation(SolveResult result) => result.Title.Contains("F(u)", StringComparison.Ordinal)
        ? "F(u) = 0 is the equation to solve; the map in the title has its solutions as fixed points. "
        : "";

    private static string Best(SolveResult result)
    {
        SolveResult.SolverResult[] solved = [.. result.Solvers.Where(solver => Converged(solver) == result.Samples)];
        if (solved is not [_, ..])
        {
            return "No solver brought every sample to the tolerance.";
        }

        (SolveResult.SolverResult fewest, SolveResult.SolverResult fastest) =
            (solved.MinBy(solver => solver.Evaluations)!, solved.MinBy(solver => solver.Seconds)!);
        return $"{solved.Length} of {result.Solvers.Count} solvers brought every sample to it: with the fewest evaluations {fewest.Name} "
            + $"({Display.Count(fewest.Evaluations)}), in the least time {fastest.Name} ({Display.Measured(fastest.Seconds)}).";
    }

    private static ReportTable Table(SolveResult result) => new(
        ["Solver", "Converged", "Not converged", "Steps on average", "Steps at most", "Evaluations", "Time", "Residual, median",
            "Residual, worst",
            .. result.ErrorNorm is { } norm ? [$"Distance to the fixed point at most, {norm} norm"] : Array.Empty<string>()],
        [.. result.Solvers.Select(solver => (IReadOnlyList<string>)
        [
            solver.Name,
            $"{Display.Count(Converged(solver))} of {Display.Count(result.Samples)}",
            string.Join(", ", solver.Statuses.Where(status => status.Key != nameof(Solvers.SolveStatus.Converged) && status.Value > 0)
                .Select(status => $"{Display.Count(status.Value)} {status.Key}").DefaultIfEmpty("–")),
            solver.MeanSteps.ToString("#,0.0", CultureInfo.InvariantCulture),
            Display.Count(solver.MaxSteps),
            Display.Count(solver.Evaluations),
            Display.Measured(solver.Seconds),
            Residual(solver.MedianResidual),
            Residual(solver.WorstResidual),
            .. result.ErrorNorm is null ? Array.Empty<string>() : [Residual(solver.ErrorBound)],
        ])]);

    private static int Converged(SolveResult.SolverResult solver) => solver.Statuses[nameof(Solvers.SolveStatus.Converged)];

    private static string Residual(double? value) => value is { } known ? WrittenNumber.Of(known, 2) : "–";
}
