using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Every solver on every problem of the literature: what it reports must be true, whether it solves it or not.</summary>
public sealed class ProblemMatrixTests(ITestOutputHelper output) : TensorTest
{
    private static readonly StoppingRule Stopping = new() { AbsoluteTolerance = 1e-10, RelativeTolerance = 1e-10, MaxSteps = 500 };

    public static TheoryData<string, string> Matrix =>
        new(from problem in ProblemCases.All from solver in SolverCases.All select (solver.Data, problem.Name));

    [Theory]
    [MemberData(nameof(Matrix))]
    public void What_is_reported_is_true(string solver, string problem)
    {
        using DisposeScope scope = NewDisposeScope();
        using FixedPointSolution solution = Solve(solver, FixedPointProblems.Named(problem), out PerSampleMap map);
        using PerSampleMap owned = map;
        output.WriteLine(Line(solver, problem, solution.Report));
        Assert.True(solution.Latent.isfinite().all().ToBoolean());

        double[] residuals = Norms(map.Evaluate(solution.Latent) - solution.Latent);
        double[] sizes = Norms(solution.Latent);
        for (int sample = 0; sample < residuals.Length; sample++)
        {
            SampleReport report = solution.Report.Samples[sample];
            double threshold = 1e-10 + (1e-10 * sizes[sample]);
            Assert.Equal(report.Status == SolveStatus.Converged, report.Ratio <= 1);
            Assert.Equal(report.Residual, residuals[sample], (1e-6 * report.Residual) + (1e-14 * sizes[sample]) + 1e-15);
            if (report.Status == SolveStatus.Converged)
            {
                Assert.True(residuals[sample] <= threshold * 1.001, $"residual {residuals[sample]} above {threshold}");
                AssertSolution(FixedPointProblems.Named(problem), sample, [.. solution.Latent[sample].flatten().data<double>()]);
            }
        }
    }

    // Freudenstein and Roth from this start and Trigonometric lead every descent of ||r|| to a minimum that is no root; a
    // difference of the map resolves neither Powell's badly scaled Jacobian (condition 1e9) nor Robertson's at step 40.
    [Theory]
    [InlineData("Newton-Krylov", 2)]
    [InlineData("Newton-Krylov, differences", 4)]
    public void Newton_with_a_line_search_solves_nearly_all(string solver, int unsolved)
    {
        using DisposeScope scope = NewDisposeScope();
        List<string> failed = [];
        int samples = 0;
        foreach (FixedPointProblem problem in ProblemCases.All)
        {
            using FixedPointSolution solution = Solve(solver, problem, out PerSampleMap map);
            map.Dispose();
            samples += solution.Report.Samples.Count;
            failed.AddRange(solution.Report.Samples.Index().Where(entry => entry.Item.Status != SolveStatus.Converged)
                .Select(entry => $"{problem.Name} {entry.Index}: {entry.Item.Status} at {entry.Item.Residual:g3}"));
        }

        output.WriteLine($"{solver}: {samples - failed.Count} of {samples} samples. {string.Join("; ", failed)}");
        Assert.InRange(failed.Count, 0, unsolved);
    }

    [Fact]
    public void Wherever_picard_converges_broyden_does_and_never_pays_much_more()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (FixedPointProblem problem in ProblemCases.All)
        {
            using FixedPointSolution picard = Solve("Picard", problem, out PerSampleMap map);
            map.Dispose();
            foreach (string solver in SolverCases.All.Select(row => row.Data).Where(name => name.StartsWith("Broyden", StringComparison.Ordinal)))
            {
                using FixedPointSolution broyden = Solve(solver, problem, out PerSampleMap again);
                again.Dispose();
                foreach ((SampleReport plain, SampleReport fast) in picard.Report.Samples.Zip(broyden.Report.Samples))
                {
                    Assert.True(plain.Status != SolveStatus.Converged || fast.Status == SolveStatus.Converged, $"{solver}, {problem.Name}: {fast}");
                }

                Assert.True(
                    !picard.Report.AllConverged || broyden.Report.Evaluations <= (2 * picard.Report.Evaluations) + 20,
                    $"{solver}, {problem.Name}: {broyden.Report.Evaluations} evaluations, Picard {picard.Report.Evaluations}");
            }
        }
    }

    private static FixedPointSolution Solve(string solver, FixedPointProblem problem, out PerSampleMap map)
    {
        (map, Tensor start) = problem.Create();
        return FixedPoint.Solve(map, start, SolverCases.Named(solver), Stopping);
    }

    private static double[] Norms(Tensor latents) => [.. latents.reshape(latents.shape[0], -1).norm(1).data<double>()];

    private static void AssertSolution(FixedPointProblem problem, int sample, double[] found)
    {
        double error = problem.Error?.Invoke(problem.Parameters[sample], found) ?? 0;
        Assert.InRange(error, 0, problem.ErrorTolerance);
    }

    private static string Line(string solver, string problem, SolveReport report) =>
        $"{problem,-36} | {solver,-28} | {string.Join(' ', report.Samples.Select(s => s.Status.ToString()[..1] + s.Steps))} | {report.Evaluations} evaluations";
}
