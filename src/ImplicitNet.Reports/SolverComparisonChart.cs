using System.Globalization;
using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Evaluation;

namespace ImplicitNet.Reports;

/// <summary>The chart that compares solvers: relative residual over steps on the left, over time on the right.</summary>
internal static class SolverComparisonChart
{
    private const int MostMarkers = 9;

    // Solvers often take the same steps: each marker is smaller than the one below it, so that all are seen.
    private const double LargestMarker = 6;
    private const double LeastMarker = 3;
    private const double MarkerStep = 0.75;

    // Diverging samples pass 1e40 soon; drawn to the end they would press all the others into one line at the bottom.
    private const double Ceiling = 1e4;

    // Where the slowest takes so many times as long as the fastest, equal distances would leave the fastest no room.
    private const double RatioForLogarithms = 12;

    /// <summary>
    /// Draws for each solver the median sample as a thick line with markers and, where there are several, the worst sample as a
    /// thin one; a cross ends the line of a solver that left samples unconverged. Axes are logarithmic where the solvers are far apart.
    /// </summary>
    /// <param name="title">What was solved.</param>
    /// <param name="solvers">At least one measurement, with samples, all of one tolerance.</param>
    /// <exception cref="ArgumentException">There is no measurement, or one without a step.</exception>
    public static Chart Create(string title, IReadOnlyList<SolverMeasurement> solvers)
    {
        ArgumentNullException.ThrowIfNull(title);
        if (solvers is not { Count: > 0 })
        {
            throw new ArgumentException("A comparison needs at least one solver.", nameof(solvers));
        }

        SolverCurve[] curves = [.. solvers.Select(SolverCurve.Of)];
        double tolerance = solvers[0].Tolerance;
        ChartAxis residuals = LogAxis.ForValues(
            curves.SelectMany(curve => curve.BySteps.Shown.Concat(curve.BySeconds.Shown)).Select(Capped).Append(tolerance));
        (double unit, string unitName) = curves.Max(curve => curve.BySeconds.Points[^1].X) < 2 ? (1e-3, "ms") : (1, "s");
        return new Chart(
            title,
            Describe(solvers),
            Panel(curves, tolerance, residuals, 1, "Solver steps of a sample", curve => curve.BySteps),
            Panel(curves, tolerance, residuals, unit, $"Time since the batch began ({unitName})", curve => curve.BySeconds));
    }

    private static string Describe(IReadOnlyList<SolverMeasurement> solvers)
    {
        IEnumerable<string> each = solvers.Select(solver => string.Create(
            CultureInfo.InvariantCulture,
            $"{solver.Name}: {solver.Samples.Count - solver.Failed} of {solver.Samples.Count} samples converged, "
                + $"{solver.MeanSteps:0.0} steps on average, {WrittenNumber.OfTime(solver.Seconds)}"));
        return $"Relative residual over steps and over time. {string.Join("; ", each)}.";
    }

    private static string Failing(SolverMeasurement solver) =>
        solver.Samples.Count == 1 ? $"{solver.Name} ({solver.Samples[0].Status})" : $"{solver.Name} ({solver.Failed} failed)";

    private static ChartPanel Panel(
        SolverCurve[] curves, double tolerance, ChartAxis y, double unit, string label, Func<SolverCurve, SolverCurve.Line> line)
    {
        double[] ends = [.. curves.Select(curve => line(curve).Points[^1].X / unit)];
        ChartAxis x = ends.Max() > RatioForLogarithms * ends.Min()
            ? LogAxis.ForValues(curves.Select(curve => line(curve).Points[0].X / unit).Concat(ends), isPlain: true)
            : line(curves[0]) == curves[0].BySteps ? LinearAxis.ForIntegers(1, (int)ends.Max()) : LinearAxis.ForValues(ends.Append(0), 0);
        ChartPanel panel = new(label, x, "Relative residual", y);
        foreach ((int index, SolverCurve curve) in curves.Index())
        {
            SolverCurve.Line own = line(curve);
            SeriesStyle style = SeriesStyle.Of(index);
            if (curve.Solver.Samples.Count > 1)
            {
                panel.Line(
                    null, [.. own.Points.Select(point => At(point.X, point.Worst))], ChartPen.Thin(style.Colour, style.Dash));
            }

            (double X, double Y)[] median = [.. own.Medians.Select(point => At(point.X, point.Median))];
            panel.Line(null, median, style.Line);
            panel.Points(
                [.. Marked(median.Length, index, curves.Length).Select(i => median[i])],
                style.Marker,
                Math.Max(LargestMarker - (MarkerStep * index), LeastMarker),
                style.Colour);
            panel.Explain(curve.Solver.Failed == 0 ? curve.Solver.Name : Failing(curve.Solver), style.Line, style.Marker);
        }

        if (curves[0].Solver.Samples.Count > 1)
        {
            panel.Explain("thin: the worst sample", ChartPen.Thin(ChartColour.Faint));
        }

        panel.MarkY("tolerance", tolerance, ChartPen.Mark(ChartColour.Text, ChartDash.Dashed));

        // Above all lines.
        panel.Crosses(
            "not converged",
            [.. curves.Where(curve => curve.Solver.Failed > 0).Select(curve => line(curve).Points[^1]).Select(end => At(end.X, end.Worst))],
            ChartColour.Bad);
        return panel;

        (double, double) At(double position, double residual) => (position / unit, Capped(residual));
    }

    /// <summary>Which points have a marker: all of a short line, else a few, shifted from solver to solver, and the last.</summary>
    private static IEnumerable<int> Marked(int count, int index, int solvers)
    {
        double distance = Math.Max(1, (double)count / MostMarkers);
        double first = distance * index / solvers;
        return Enumerable.Range(0, MostMarkers).Select(i => (int)(first + (i * distance))).Where(i => i < count - 1).Append(count - 1)
            .Distinct();
    }

    private static double Capped(double residual) => Math.Min(residual, Ceiling);
}
