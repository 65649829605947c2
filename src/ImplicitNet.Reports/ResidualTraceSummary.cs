namespace ImplicitNet.Reports;

/// <summary>How the residuals of many samples fell, step by step.</summary>
public sealed record ResidualTraceSummary
{
    /// <summary>The steps in order.</summary>
    public required IReadOnlyList<ResidualStep> Steps
    {
        get;
        init => field = value?.Count > 0 ? value : throw new ArgumentException("A trace needs at least one step.", nameof(Steps));
    }

    /// <summary>The relative residual at which a sample counts as solved, dimensionless; above 0.</summary>
    public required double Tolerance
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "A tolerance is above 0 and finite.");
    }

    /// <summary>The name of the residuals, for the chart's axis and text; "Relative residual" by default.</summary>
    public string Quantity { get; init; } = "Relative residual";

    /// <summary>Sums up the traces of single samples.</summary>
    /// <param name="traces">For each sample its relative residual at each step, [samples][steps of that sample]. A sample that finished
    /// early keeps its last residual in the later steps. NaN counts as infinite; samples without a step are left out.</param>
    /// <param name="tolerance">The relative residual at which a sample counts as solved, dimensionless; above 0.</param>
    /// <exception cref="ArgumentException">No sample has a step.</exception>
    public static ResidualTraceSummary FromSamples(IReadOnlyList<IReadOnlyList<double>> traces, double tolerance)
    {
        ArgumentNullException.ThrowIfNull(traces);
        IReadOnlyList<double>[] present = [.. traces.Where(trace => trace.Count > 0)];
        if (present.Length == 0)
        {
            throw new ArgumentException("No sample has a step.", nameof(traces));
        }

        var steps = new ResidualStep[present.Max(trace => trace.Count)];
        double[] residuals = new double[present.Length];
        for (int step = 0; step < steps.Length; step++)
        {
            for (int sample = 0; sample < residuals.Length; sample++)
            {
                double residual = present[sample][Math.Min(step, present[sample].Count - 1)];
                residuals[sample] = double.IsNaN(residual) ? double.PositiveInfinity : residual;
            }

            Array.Sort(residuals);
            steps[step] = new ResidualStep(
                step + 1, residuals[0], Quantile(residuals, 0.1), Quantile(residuals, 0.5), Quantile(residuals, 0.9), residuals[^1]);
        }

        return new ResidualTraceSummary { Steps = steps, Tolerance = tolerance };
    }

    // Between two ranks on a straight line (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, definition 7).
    private static double Quantile(double[] sorted, double share)
    {
        double rank = share * (sorted.Length - 1);
        int below = (int)rank;
        double part = rank - below;

        // An infinite neighbour counts only where it has a part in the result: 0 times infinity would be NaN.
        return part == 0 ? sorted[below] : ((1 - part) * sorted[below]) + (part * sorted[below + 1]);
    }
}
