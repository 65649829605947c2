using ImplicitNet.Solvers;

namespace ImplicitNet.Training.Evaluation;

/// <summary>What one solver did with some batches, and how long it took; see <see cref="SolverComparison"/>.</summary>
internal sealed record SolverMeasurement
{
    /// <summary>The solver's name, for tables and charts.</summary>
    public required string Name { get; init; }

    /// <summary>The relative tolerance it was given, dimensionless.</summary>
    public required double Tolerance { get; init; }

    /// <summary>How the solve went for every sample, in the order of the batches.</summary>
    public required IReadOnlyList<SampleReport> Samples { get; init; }

    /// <summary>The norm of the samples' error bounds; null where none is known.</summary>
    public ResidualNorm? ErrorNorm { get; init; }

    /// <summary>The largest bound of a sample's distance to its fixed point; null where a sample has none.</summary>
    public double? ErrorBound =>
        Samples.Count == 0 || Samples.Any(sample => sample.ErrorBound is null) ? null : Samples.Max(sample => sample.ErrorBound);

    /// <summary>Map applications paid: samples in each application, summed over all.</summary>
    public required long Evaluations { get; init; }

    /// <summary>Wall-clock seconds for all batches, one after the other; the median of <see cref="Runs"/>.</summary>
    public required double Seconds { get; init; }

    /// <summary>Timed runs; one run was made before them, and not counted.</summary>
    public required int Runs { get; init; }

    /// <summary>
    /// For every sample its residuals, of the run whose time is <see cref="Seconds"/>; their times count from the start of the
    /// sample's own batch.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<ResidualTraceEntry>> Traces { get; init; }

    /// <summary>Mean of the samples' steps; 0 without samples.</summary>
    public double MeanSteps => Samples.Count == 0 ? 0 : Samples.Average(sample => sample.Steps);

    /// <summary>The most steps of any sample; 0 without samples.</summary>
    public int MaxSteps => Samples.Count == 0 ? 0 : Samples.Max(sample => sample.Steps);

    /// <summary>Samples that did not converge.</summary>
    public int Failed => Samples.Count - Count(SolveStatus.Converged);

    /// <summary>
    /// For every sample the relative residual of the latent returned: residual over threshold, times the tolerance, so that it
    /// is at most the tolerance exactly where the sample converged; infinite where none was finite.
    /// </summary>
    public IReadOnlyList<double> RelativeResiduals => [.. Samples.Select(sample => sample.Ratio * Tolerance)];

    /// <summary>How many samples ended with a status.</summary>
    public int Count(SolveStatus status) => Samples.Count(sample => sample.Status == status);
}
