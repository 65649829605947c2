using System.Globalization;
using System.Text;

namespace ImplicitNet.Flows;

/// <summary>How a flow went: for every sample, and in total. Plain numbers; it owns no tensor.</summary>
public sealed class FlowReport
{
    internal FlowReport(IReadOnlyList<FlowSampleReport> samples, long evaluations)
    {
        Samples = samples;
        Evaluations = evaluations;
    }

    /// <summary>One entry per sample, in the order of the batch.</summary>
    public IReadOnlyList<FlowSampleReport> Samples { get; }

    /// <summary>Evaluations of the field: the samples in each one, summed over all, those of rejected steps and of first steps
    /// included.</summary>
    public long Evaluations { get; }

    /// <summary>True when every sample came to its last time or its event; an empty batch did.</summary>
    public bool AllSucceeded => Samples.All(sample => sample.HasSucceeded);

    /// <summary>The mean of the samples' steps, rejected ones included; 0 for an empty batch.</summary>
    public double MeanSteps => Samples.Count == 0 ? 0 : Samples.Average(sample => sample.Steps);

    /// <summary>Counts the samples that ended with a status.</summary>
    public int Count(FlowStatus status) => Samples.Count(sample => sample.Status == status);

    /// <summary>Throws if a sample did not come to its end.</summary>
    /// <exception cref="FlowException">With <see cref="ToString"/> as its message and this report.</exception>
    public void ThrowIfFailed()
    {
        if (!AllSucceeded)
        {
            throw new FlowException(this);
        }
    }

    /// <summary>One line: how many samples ended how, where the first of them stopped, and what to try.</summary>
    public override string ToString()
    {
        if (Samples.Count == 0)
        {
            return "There were no samples.";
        }

        int failed = Samples.Count(sample => !sample.HasSucceeded);
        if (failed == 0)
        {
            int events = Count(FlowStatus.EventReached);
            string ended = events == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {events} ended at the event.");
            return string.Create(
                CultureInfo.InvariantCulture,
                $"All {Samples.Count} samples came to their end, in {MeanSteps:0.0} steps on average, "
                    + $"{Samples.Max(sample => sample.Steps)} at most.{ended}");
        }

        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{failed} of {Samples.Count} samples did not come to their end:");
        foreach (IGrouping<FlowStatus, int> group in Enumerable.Range(0, Samples.Count)
            .Where(index => !Samples[index].HasSucceeded).GroupBy(index => Samples[index].Status).OrderBy(group => group.Key))
        {
            int first = group.First();
            FlowSampleReport sample = Samples[first];
            text.Append(CultureInfo.InvariantCulture,
                $" {group.Count()} {group.Key} (sample {first} stopped at t = {sample.Time:g6} after {sample.Steps} steps). "
                    + $"{Advice(group.Key)}");
        }

        return text.ToString();
    }

    private static string Advice(FlowStatus status) => status switch
    {
        FlowStatus.MaxStepsReached => "Raise MaxSteps or loosen the tolerance; "
            + "a stiff field needs short steps however smooth its solution is.",
        FlowStatus.StepTooSmall => "The solution ends there, or is not smooth there, or the tolerance is below what the dtype resolves.",
        _ => "The field was NaN or infinite: check the data, the weights and the learning rate.",
    };
}
