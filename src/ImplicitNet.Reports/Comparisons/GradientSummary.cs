using ImplicitNet.Training.History;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>What the runs with one gradient came to: means and deviations over the seeds. What was not measured is null.</summary>
internal sealed record GradientSummary
{
    private GradientSummary()
    {
    }

    /// <summary>The gradient, as the command line names it.</summary>
    public required string Gradient { get; init; }

    /// <summary>Runs, one a seed.</summary>
    public required int Runs { get; init; }

    /// <summary>Share of test images classified rightly, 0 to 1.</summary>
    public MeanAndDeviation? TestAccuracy { get; init; }

    /// <summary>Share of validation images classified rightly in the best epoch, 0 to 1.</summary>
    public MeanAndDeviation? ValidationAccuracy { get; init; }

    /// <summary>Loss on the test data, in the units of the task.</summary>
    public MeanAndDeviation? TestLoss { get; init; }

    /// <summary>Loss on the validation data by the weights chosen, in the units of the task.</summary>
    public MeanAndDeviation? ValidationLoss { get; init; }

    /// <summary>Trainable numbers of the network.</summary>
    public long? Parameters { get; init; }

    /// <summary>Solver steps of a training sample.</summary>
    public MeanAndDeviation? Steps { get; init; }

    /// <summary>Mean cosine of the certificates that were made in training, -1 to 1.</summary>
    public MeanAndDeviation? Certificate { get; init; }

    /// <summary>Cosine to the exact gradient, -1 to 1.</summary>
    public MeanAndDeviation? Cosine { get; init; }

    /// <summary>Map evaluations of the solves an epoch.</summary>
    public MeanAndDeviation? Evaluations { get; init; }

    /// <summary>Products of the backward passes an epoch.</summary>
    public MeanAndDeviation? Products { get; init; }

    /// <summary>Samples of all epochs and runs whose adjoint solve failed.</summary>
    public long? AdjointFailures { get; init; }

    /// <summary>Seconds an epoch, validation included.</summary>
    public MeanAndDeviation? Seconds { get; init; }

    /// <summary>
    /// Seconds an epoch as a multiple of JFB's, mean over mean, dimensionless; null where JFB is not among the gradients.
    /// </summary>
    public double? SecondsToJacobianFree { get; init; }

    /// <summary>Seconds of the forward passes an epoch.</summary>
    public MeanAndDeviation? Forward { get; init; }

    /// <summary>Seconds of the backward passes an epoch.</summary>
    public MeanAndDeviation? Backward { get; init; }

    /// <summary>Seconds an epoch that are neither: optimiser, validation, reading data.</summary>
    public MeanAndDeviation? Rest { get; init; }

    /// <summary>Largest working set of the process, in bytes.</summary>
    public MeanAndDeviation? PeakMemoryBytes { get; init; }

    /// <summary>Of runs with one gradient.</summary>
    internal static GradientSummary Of(string gradient, IReadOnlyList<ComparedRun> runs) => new()
    {
        Gradient = gradient,
        Runs = runs.Count,
        TestAccuracy = MeanAndDeviation.Of(runs.Select(run => run.TestAccuracy)),
        ValidationAccuracy = MeanAndDeviation.Of(runs.Select(run => run.ValidationAccuracy)),
        TestLoss = MeanAndDeviation.Of(runs.Select(run => run.TestLoss)),
        ValidationLoss = MeanAndDeviation.Of(runs.Select(run => run.ValidationLoss)),
        Parameters = runs[0].Parameters,
        Steps = OverRuns(runs, epoch => epoch.SolverSteps),
        Certificate = MeanAndDeviation.Of(runs.Select(run => run.Certificate)),
        Cosine = OverRuns(runs, epoch => epoch.Cosine),
        Evaluations = OverRuns(runs, epoch => epoch.Evaluations),
        Products = OverRuns(runs, epoch => epoch.Products),
        AdjointFailures = runs.All(run => run.Epochs.All(epoch => epoch.AdjointFailures is not null))
            ? runs.Sum(run => run.Epochs.Sum(epoch => epoch.AdjointFailures))
            : null,
        Seconds = OverRuns(runs, epoch => epoch.Seconds),
        Forward = OverRuns(runs, epoch => epoch.Times?.Forward),
        Backward = OverRuns(runs, epoch => epoch.Times?.Backward),
        Rest = OverRuns(runs, epoch => epoch.Seconds - epoch.Times?.Forward - epoch.Times?.Backward),
        PeakMemoryBytes = MeanAndDeviation.Of(runs.Select(run => (double?)run.PeakMemoryBytes)),
    };

    private static MeanAndDeviation? OverRuns(IReadOnlyList<ComparedRun> runs, Func<EpochRecord, double?> value) =>
        MeanAndDeviation.Of(runs.Select(run => run.PerEpoch(value)));
}
