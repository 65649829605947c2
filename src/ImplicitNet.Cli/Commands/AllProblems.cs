using ImplicitNet.Cli.Screens;
using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>Solves every named problem by several solvers, once each and without a trace: nothing is timed.</summary>
internal static class AllProblems
{
    /// <summary>The name that stands for all of them.</summary>
    public const string Name = "all";

    /// <summary>A row for every problem, in the order of the list.</summary>
    /// <param name="names">The solvers' names.</param>
    /// <param name="solvers">The solvers.</param>
    /// <param name="asked">When to stop, from the rule of problems.</param>
    /// <param name="device">Where to solve.</param>
    /// <param name="bar">Shows how far it is.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    public static List<ProblemTableResult.ProblemRow> Solve(
        IReadOnlyList<string> names, IReadOnlyList<FixedPointSolver> solvers, Func<StoppingRule, StoppingRule> asked, Device device,
        Bar bar, CancellationToken cancellation)
    {
        List<ProblemTableResult.ProblemRow> rows = [];
        foreach ((int index, FixedPointProblem problem) in FixedPointProblems.All.Index())
        {
            bar.Show((double)index / FixedPointProblems.All.Count, () => $"solving {problem.Name}");
            using SolveInput input = SolveInput.OfProblem(problem, asked, device);
            rows.Add(new ProblemTableResult.ProblemRow
            {
                Name = problem.Name,
                Samples = input.Samples,
                Solvers = [.. names.Zip(solvers, (name, solver) => Cell(name, solver, problem, input, cancellation))],
            });
        }

        return rows;
    }

    private static ProblemTableResult.ProblemCell Cell(
        string name, FixedPointSolver solver, FixedPointProblem problem, SolveInput input, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        (FixedPointMap map, Tensor start) = input.Batches.Single();
        using FixedPointSolution solution = FixedPoint.Solve(map, start, solver, input.Stopping, cancellation: cancellation);
        double[] latents = [.. solution.Latent.to(ScalarType.Float64).cpu().contiguous().data<double>()];
        double[] errors =
        [
            .. problem.Parameters.Zip(latents.Chunk(problem.Start.Count), solution.Report.Samples)
                .Where(sample => problem.Error is not null && sample.Third.Status == SolveStatus.Converged)
                .Select(sample => problem.Error!(sample.First, sample.Second)),
        ];
        return new ProblemTableResult.ProblemCell
        {
            Name = name,
            Statuses = Enum.GetValues<SolveStatus>().ToDictionary(status => status.ToString(), solution.Report.Count),
            Evaluations = solution.Report.Evaluations,
            LargestError = errors.Length == 0 ? null : FiniteNumber.OrNull(errors.Max()),
        };
    }
}
