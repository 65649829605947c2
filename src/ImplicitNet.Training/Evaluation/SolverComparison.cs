using System.Diagnostics;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Measures solvers on the same maps.</summary>
internal static class SolverComparison
{
    // Short solves are run for about this long in all, and at most so often.
    private const double TimedSeconds = 0.5;
    private const int MostRuns = 15;
    private const int LeastRunsOfShortSolves = 3;

    /// <summary>
    /// Solves the batches once to warm up, then again one or more times with a trace; the time is the median's. A solve of half
    /// a second or more is timed once, shorter ones 3 to 15 times, for about half a second in all.
    /// </summary>
    /// <param name="name">The solver's name in the result.</param>
    /// <param name="solver">The solver.</param>
    /// <param name="batches">Maps and u at step 0, each solved by itself; stay the caller's.</param>
    /// <param name="stopping">When to stop; with a relative tolerance above 0.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    /// <exception cref="ArgumentException">There is no batch, or no relative tolerance above 0.</exception>
    public static SolverMeasurement Measure(
        string name,
        FixedPointSolver solver,
        IReadOnlyList<(FixedPointMap Map, Tensor Start)> batches,
        StoppingRule stopping,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(stopping);
        if (batches.Count == 0)
        {
            throw new ArgumentException("A comparison needs at least one batch.", nameof(batches));
        }

        if (stopping.RelativeTolerance is not (> 0 and double tolerance))
        {
            throw new ArgumentException("A comparison needs a relative tolerance above 0.", nameof(stopping));
        }

        double warmUp = Solve(solver, batches, stopping, cancellation).Seconds;
        Run[] runs = [.. Enumerable.Range(0, RunsFor(warmUp)).Select(_ => Solve(solver, batches, stopping, cancellation))
            .OrderBy(run => run.Seconds)];
        Run median = runs[runs.Length / 2];
        return new SolverMeasurement
        {
            Name = name,
            Tolerance = tolerance,
            Samples = median.Samples,
            ErrorNorm = median.ErrorNorm,
            Evaluations = median.Evaluations,
            Seconds = median.Seconds,
            Runs = runs.Length,
            Traces = median.Traces,
        };
    }

    /// <summary>An odd number, so that one run is the median.</summary>
    internal static int RunsFor(double seconds) => seconds >= TimedSeconds
        ? 1
        : Math.Clamp((int)(TimedSeconds / Math.Max(seconds, 1e-6)), LeastRunsOfShortSolves, MostRuns) | 1;

    private static Run Solve(
        FixedPointSolver solver, IReadOnlyList<(FixedPointMap Map, Tensor Start)> batches, StoppingRule stopping,
        CancellationToken cancellation)
    {
        Run run = new();
        foreach ((FixedPointMap map, Tensor start) in batches)
        {
            ResidualTrace trace = new();
            long begin = Stopwatch.GetTimestamp();
            using FixedPointSolution solution = FixedPoint.Solve(map, start, solver, stopping, trace, cancellation);
            run.Seconds += Stopwatch.GetElapsedTime(begin).TotalSeconds;
            run.Evaluations += solution.Report.Evaluations;
            run.ErrorNorm = solution.Report.ErrorNorm;
            run.Samples.AddRange(solution.Report.Samples);
            run.Traces.AddRange(trace.Samples);
        }

        return run;
    }

    private sealed class Run
    {
        public double Seconds { get; set; }

        public long Evaluations { get; set; }

        public ResidualNorm? ErrorNorm { get; set; }

        public List<SampleReport> Samples { get; } = [];

        public List<IReadOnlyList<ResidualTraceEntry>> Traces { get; } = [];
    }
}
