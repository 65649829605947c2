using ImplicitNet.Solvers;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports;

/// <summary>How the relative residuals of one solver fell, by step and by time: that of the median sample, and the largest.</summary>
/// <param name="Solver">What was measured.</param>
/// <param name="BySteps">By steps, from 1.</param>
/// <param name="BySeconds">By seconds since a batch began.</param>
internal sealed record SolverCurve(SolverMeasurement Solver, SolverCurve.Line BySteps, SolverCurve.Line BySeconds)
{
    // As many as a panel can show.
    private const int MostTimes = 1000;

    /// <summary>The residuals of all samples at one place; infinite where not finite.</summary>
    internal readonly record struct Point(double X, double Median, double Worst);

    /// <summary>One curve.</summary>
    /// <param name="Points">In the order of X.</param>
    /// <param name="MedianEnd">Where half of the samples have finished: beyond it the median says no more.</param>
    internal sealed record Line(IReadOnlyList<Point> Points, double MedianEnd)
    {
        /// <summary>The points whose median is drawn.</summary>
        public IEnumerable<Point> Medians => Points.TakeWhile(point => point.X <= MedianEnd);

        /// <summary>Every residual that is drawn.</summary>
        public IEnumerable<double> Shown => Points.Select(point => point.Worst).Concat(Medians.Select(point => point.Median));
    }

    /// <summary>Sums up the traces. A sample that has finished keeps its last residual.</summary>
    /// <exception cref="ArgumentException">No sample has a step.</exception>
    public static SolverCurve Of(SolverMeasurement solver)
    {
        double tolerance = solver.Tolerance;
        double[] times = Thinned([.. solver.Traces.SelectMany(trace => trace).Select(entry => entry.Seconds).Distinct().Order()]);
        return new SolverCurve(
            solver,
            new Line(
                Points(solver.Traces.Select(trace => trace.Select(entry => entry.Ratio * tolerance)), tolerance, index => index + 1),
                UpperMedian(solver.Traces.Select(trace => (double)trace.Count))),
            new Line(
                Points(
                    solver.Traces.Select(trace => At(times, trace).Select(entry => entry.Ratio * tolerance)),
                    tolerance,
                    index => times[index]),
                UpperMedian(solver.Traces.Select(trace => trace.Count == 0 ? 0 : trace[^1].Seconds))));
    }

    private static double UpperMedian(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static List<Point> Points(IEnumerable<IEnumerable<double>> residuals, double tolerance, Func<int, double> x)
    {
        ResidualTraceSummary summary = ResidualTraceSummary.FromSamples([.. residuals.Select(sample => sample.ToArray())], tolerance);
        return [.. summary.Steps.Select((step, index) => new Point(x(index), step.Median, step.Maximum))];
    }

    /// <summary>A sample's last entry at each of some times; before its first, the first.</summary>
    private static IEnumerable<ResidualTraceEntry> At(double[] times, IReadOnlyList<ResidualTraceEntry> trace)
    {
        int last = 0;
        foreach (double time in trace.Count == 0 ? [] : times)
        {
            while (last + 1 < trace.Count && trace[last + 1].Seconds <= time)
            {
                last++;
            }

            yield return trace[last];
        }
    }

    private static double[] Thinned(double[] times) => times.Length <= MostTimes
        ? times
        : [.. Enumerable.Range(0, MostTimes).Select(i => times[(int)((long)i * (times.Length - 1) / (MostTimes - 1))])];
}
