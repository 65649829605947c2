using System.Globalization;
using ImplicitNet.Training.Evaluation;
using ScottPlot;
using ScottPlot.Plottables;

namespace ImplicitNet.Reports;

/// <summary>The chart that compares solvers: relative residual over steps on the left, over time on the right.</summary>
internal static class SolverComparisonChart
{
    private const int Width = 1120;
    private const int PanelHeight = 420;
    private const int HeadHeight = 66;
    private const float ThickLine = 2.25f;
    private const float ThinLine = 1;
    private const int MostMarkers = 9;

    // Solvers often take the same steps: each marker is smaller than the one below it, so that all are seen.
    private const float LargestMarker = 12;
    private const float LeastMarker = 6;
    private const float MarkerStep = 1.5f;
    private const float LegendMarker = 9;

    private const float CrossSize = 13;
    private const float CrossWidth = 2.5f;

    // What a legend takes, roughly: more than one row of it needs a higher head.
    private const int LegendRowHeight = 28;
    private const int LegendItemWidth = 44;
    private const double LetterWidth = 6.4;

    // Diverging samples pass 1e40 soon; drawn to the end they would press all the others into one line at the bottom.
    private const double Ceiling = 1e4;

    // Where the slowest takes so many times as long as the fastest, equal distances would leave the fastest no room.
    private const double RatioForLogarithms = 12;

    private static readonly MarkerShape[] Shapes =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond,
        MarkerShape.FilledTriangleDown, MarkerShape.OpenCircle,
        MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp,
    ];

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
        double legendWidth = Legend(ChartTheme.Light, solvers).Sum(item => LegendItemWidth + (LetterWidth * item.LabelText.Length));
        int head = HeadHeight + ((int)(legendWidth / Width) * LegendRowHeight);
        int height = head + PanelHeight;
        return new Chart(title, Describe(solvers), Width, height, theme =>
        [
            new ChartPanel(ChartFrame.Head(theme, title, Legend(theme, solvers)), new PixelRect(0, Width, head, 0)),
            new ChartPanel(
                Panel(theme, curves, tolerance, residuals, 1, "Solver steps of a sample", curve => curve.BySteps), new PixelRect(
                    0, Width / 2, height, head)),
            new ChartPanel(
                Panel(theme, curves, tolerance, residuals, unit, $"Time since the batch began ({unitName})", curve => curve.BySeconds),
                new PixelRect(Width / 2, Width, height, head)),
        ]);
    }

    private static string Describe(IReadOnlyList<SolverMeasurement> solvers)
    {
        IEnumerable<string> each = solvers.Select(solver => string.Create(
            CultureInfo.InvariantCulture,
            $"{solver.Name}: {solver.Samples.Count - solver.Failed} of {solver.Samples.Count} samples converged, "
                + $"{solver.MeanSteps:0.0} steps on average, {solver.Seconds:G3} s"));
        return $"Relative residual over steps and over time. {string.Join("; ", each)}.";
    }

    private static List<LegendItem> Legend(ChartTheme theme, IReadOnlyList<SolverMeasurement> solvers)
    {
        List<LegendItem> items =
        [
            .. solvers.Select((solver, index) => Item(solver.Failed == 0 ? solver.Name : Failing(solver), Colour(theme, index), ThickLine,
            Shapes[index % Shapes.Length])),
        ];
        if (solvers[0].Samples.Count > 1)
        {
            items.Add(Item("thin: the worst sample", theme.Faint, ThinLine, MarkerShape.None));
        }

        items.Add(Item("tolerance", theme.Text, ChartFrame.MarkWidth, MarkerShape.None, LinePattern.Dashed));
        if (solvers.Any(solver => solver.Failed > 0))
        {
            items.Add(Item("not converged", theme.Bad, 0, MarkerShape.Eks));
        }

        return items;
    }

    private static string Failing(SolverMeasurement solver) =>
        solver.Samples.Count == 1 ? $"{solver.Name} ({solver.Samples[0].Status})" : $"{solver.Name} ({solver.Failed} failed)";

    private static Plot Panel(
        ChartTheme theme, SolverCurve[] curves, double tolerance, ChartAxis y, double unit, string label,
        Func<SolverCurve, SolverCurve.Line> line)
    {
        double[] ends = [.. curves.Select(curve => line(curve).Points[^1].X / unit)];
        ChartAxis x = ends.Max() > RatioForLogarithms * ends.Min()
            ? LogAxis.ForValues(curves.Select(curve => line(curve).Points[0].X / unit).Concat(ends), isPlain: true)
            : line(curves[0]) == curves[0].BySteps ? LinearAxis.ForIntegers(1, (int)ends.Max()) : LinearAxis.ForValues(ends.Append(0), 0);
        ChartFrame frame = new(theme, "", label, x, "Relative residual", y);
        frame.Plot.Axes.Title.MinimumSize = 8;
        frame.MarkY(null, tolerance, theme.Text, LinePattern.Dashed);
        Coordinates At(double position, double residual) => new(x.Position(position / unit), y.Position(Capped(residual)));
        for (int index = 0; index < curves.Length; index++)
        {
            SolverCurve.Line own = line(curves[index]);
            Color colour = Colour(theme, index);
            if (curves[index].Solver.Samples.Count > 1)
            {
                frame.Plot.Add.ScatterLine(own.Points.Select(point => At(point.X, point.Worst)).ToArray(), colour).LineWidth = ThinLine;
            }

            Coordinates[] median = [.. own.Medians.Select(point => At(point.X, point.Median))];
            frame.Plot.Add.ScatterLine(median, colour).LineWidth = ThickLine;
            Scatter markers =
                frame.Plot.Add.ScatterPoints(Marked(median.Length, index, curves.Length).Select(i => median[i]).ToArray(), colour);
            markers.MarkerShape = Shapes[index % Shapes.Length];
            markers.MarkerSize = Math.Max(LargestMarker - (MarkerStep * index), LeastMarker);
        }

        // Above all lines.
        foreach (SolverCurve.Point end in curves.Where(curve => curve.Solver.Failed > 0).Select(curve => line(curve).Points[^1]))
        {
            Coordinates place = At(end.X, end.Worst);
            frame.Plot.Add.Marker(place.X, place.Y, MarkerShape.Eks, CrossSize, theme.Bad).MarkerLineWidth = CrossWidth;
        }

        return frame.Finish();
    }

    /// <summary>Which points have a marker: all of a short line, else a few, shifted from solver to solver, and the last.</summary>
    private static IEnumerable<int> Marked(int count, int index, int solvers)
    {
        double distance = Math.Max(1, (double)count / MostMarkers);
        double first = distance * index / solvers;
        return Enumerable.Range(0, MostMarkers).Select(i => (int)(first + (i * distance))).Where(i => i < count - 1).Append(count - 1)
            .Distinct();
    }

    private static LegendItem Item(string name, Color colour, float width, MarkerShape shape, LinePattern pattern = default) => new()
    {
        LabelText = name,
        LineColor = colour,
        LineWidth = width,
        LinePattern = pattern,
        MarkerShape = shape,
        MarkerSize = LegendMarker,
        MarkerFillColor = colour,
        MarkerLineColor = colour,
        MarkerLineWidth = shape == MarkerShape.Eks ? CrossWidth : ThinLine,
    };

    private static Color Colour(ChartTheme theme, int index) => (index % 5) switch
    {
        0 => theme.First,
        1 => theme.Second,
        2 => theme.Third,
        3 => theme.Good,
        _ => theme.Text,
    };

    private static double Capped(double residual) => Math.Min(residual, Ceiling);
}
