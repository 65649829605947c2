using System.Globalization;
using System.Text;

namespace ImplicitNet.Solvers;

/// <summary>How a solve went: for every sample, and in total. Plain numbers; it owns no tensor.</summary>
public sealed class SolveReport
{
    internal SolveReport(
        IReadOnlyList<SampleReport> samples,
        long evaluations,
        IReadOnlyList<SolverChange>? changes = null,
        bool hasDifferences = false,
        ResidualNorm? errorNorm = null)
    {
        ErrorNorm = errorNorm;
        JacobianByDifferences = hasDifferences;
        Samples = samples;
        Evaluations = evaluations;
        Changes = changes ?? [];
    }

    /// <summary>One entry per sample, in the order of the batch.</summary>
    public IReadOnlyList<SampleReport> Samples { get; }

    /// <summary>
    /// The number of map applications: the samples in each application, summed over all. Products with the map's Jacobian are counted with
    /// them, as <see cref="JacobianProduct"/> says.
    /// </summary>
    public long Evaluations { get; }

    /// <summary>The changes from one solver of a chain to the next, in the order they were made; empty without a chain.</summary>
    public IReadOnlyList<SolverChange> Changes { get; }

    /// <summary>
    /// True if products with the map's Jacobian had to be computed as differences of the map, since torch has no second derivative of an
    /// operation in it (<see cref="DoubleBackwardProduct"/>). Newton's method then converges linearly in the end.
    /// </summary>
    public bool JacobianByDifferences { get; }

    /// <summary>True when every sample converged; an empty batch did.</summary>
    public bool AllConverged => Samples.All(sample => sample.Status == SolveStatus.Converged);

    /// <summary>The mean of the samples' steps; 0 for an empty batch.</summary>
    public double MeanSteps => Samples.Count == 0 ? 0 : Samples.Average(sample => sample.Steps);

    /// <summary>The most steps of any sample; 0 for an empty batch.</summary>
    public int MaxSteps => Samples.Count == 0 ? 0 : Samples.Max(sample => sample.Steps);

    /// <summary>
    /// The norm of the samples' <see cref="SampleReport.ErrorBound"/>: that in which the map contracts; null where no bound is known.
    /// </summary>
    public ResidualNorm? ErrorNorm { get; }

    /// <summary>
    /// The largest <see cref="SampleReport.ErrorBound"/>: every latent returned is within it of its fixed point. Null where a sample has
    /// none, and for an empty batch.
    /// </summary>
    public double? ErrorBound => Samples.Count == 0 || Samples.Any(sample => sample.ErrorBound is null)
        ? null
        : Samples.Max(sample => sample.ErrorBound);

    /// <summary>Counts the samples that ended with a status.</summary>
    public int Count(SolveStatus status) => Samples.Count(sample => sample.Status == status);

    /// <summary>Counts the samples that converged by one part of the tolerance.</summary>
    /// <param name="part">The part of the tolerance.</param>
    public int CountConverged(TolerancePart part) =>
        Samples.Count(sample => sample.Status == SolveStatus.Converged && sample.Passed == part);

    /// <summary>Throws if a sample did not converge.</summary>
    /// <exception cref="FixedPointException">With <see cref="ToString"/> as its message and this report.</exception>
    public void ThrowIfFailed()
    {
        if (!AllConverged)
        {
            throw new FixedPointException(this);
        }
    }

    /// <summary>One line: how many samples ended how, the worst of them, and what to try.</summary>
    public override string ToString()
    {
        if (Samples.Count == 0)
        {
            return "There were no samples.";
        }

        string differences = JacobianByDifferences
            ? " Products with the Jacobian were differences: torch has no second derivative of an operation of the map."
            : "";
        if (AllConverged)
        {
            string within = ErrorBound is { } bound
                ? string.Create(CultureInfo.InvariantCulture, $", within {bound:g2} of u* ({ErrorNorm})")
                : "";
            return Samples.Count == 1
                ? $"The sample converged in {MaxSteps} step{(MaxSteps == 1 ? "" : "s")}{within}.{differences}"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"All {Samples.Count} samples converged in {MeanSteps:0.0} steps on average, {MaxSteps} at most{within}.{differences}");
        }

        StringBuilder text = new();
        int failed = Samples.Count - Count(SolveStatus.Converged);
        if (failed == Samples.Count)
        {
            text.Append(CultureInfo.InvariantCulture, $"No sample converged, of {failed}:");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{failed} of {Samples.Count} samples did not converge:");
        }

        foreach (IGrouping<SolveStatus, int> group in Failures().OrderBy(group => group.Key))
        {
            int worst = group.MaxBy(index => Samples[index].Ratio);
            SampleReport sample = Samples[worst];
            text.Append(CultureInfo.InvariantCulture,
                $" {group.Count()} {group.Key} (the worst is sample {worst}: residual {sample.Residual:g3}, "
                    + $"{sample.Ratio:g3} times its threshold, after {sample.Steps} steps"
                    + $"{(sample.ErrorBound is { } bound ? $", within {bound:g2} of u* ({ErrorNorm})" : "")}). {Advice(group.Key)}");
        }

        if (Failures().SelectMany(group => group).Count(index => Samples[index].Passed != TolerancePart.None) is > 0 and var count)
        {
            text.Append(CultureInfo.InvariantCulture,
                $" Of these, {count} met the tolerance without coming to half of the residual at the start: "
                + $"u has grown until any residual, or its rounding, is small beside it.");
        }

        // NaN is NaN for every solver, and what a chain has left was tried by several.
        if (Changes.Count == 0 && Failures().Any(group => group.Key != SolveStatus.NonFinite))
        {
            text.Append(" Other solvers may find it: new SolverChain() tries four.");
        }

        return text.Append(differences).ToString();
    }

    private IEnumerable<IGrouping<SolveStatus, int>> Failures() =>
        Enumerable.Range(0, Samples.Count)
            .Where(index => Samples[index].Status != SolveStatus.Converged)
            .GroupBy(index => Samples[index].Status);

    private static string Advice(SolveStatus status) => status switch
    {
        SolveStatus.MaxStepsReached => "Raise MaxSteps, loosen the tolerance, or contract more.",
        SolveStatus.Stalled => "The tolerance may be below what the dtype resolves, the fall slower than 0.1 % in the patience "
            + "and lost in rounding, or the map no contraction: loosen the tolerance, raise Patience, or damp the solver. "
            + "A front on its way needs Stall = new LatentStall().",
        SolveStatus.Diverged => "The map is no contraction there: bound its operator norm below 1, or damp the solver.",
        _ => "The map returned NaN or infinity: check the data, the weights and the learning rate.",
    };
}
