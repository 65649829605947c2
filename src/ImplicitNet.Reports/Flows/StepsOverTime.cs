using ImplicitNet.Flows;
using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports.Flows;

/// <summary>A picture of the lengths of a flow's steps over time, of one sample: long where it is smooth, short where it turns.</summary>
public static class StepsOverTime
{
    /// <summary>Draws into a file, whole or not at all: SVG where the name ends in .svg, PNG where it ends in .png.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="trace">That of the flow.</param>
    /// <param name="sample">Its position in the batch; default the first.</param>
    /// <exception cref="ArgumentException">The name ends in neither, or the sample took no step.</exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Save(string path, FlowTrace trace, int sample = 0) => Draw(trace, sample).Save(path);

    internal static Chart Draw(FlowTrace trace, int sample = 0)
    {
        ArgumentNullException.ThrowIfNull(trace);
        FlowTraceEntry[] steps = [.. trace.Entries.Where(entry => entry.Sample == sample)];
        if (steps.Length == 0)
        {
            throw new ArgumentException($"Sample {sample} took no step that the trace knows.", nameof(sample));
        }

        (double X, double Y)[] taken = [.. steps.Where(step => step.IsAccepted).Select(Place)];
        (double X, double Y)[] rejected = [.. steps.Where(step => !step.IsAccepted).Select(Place)];
        ChartPanel panel = new(
            "Time", LinearAxis.ForValues(steps.Select(step => step.Time)),
            "Length of the step", LogAxis.ForValues(steps.Select(step => Math.Abs(step.Size))));
        panel.Line("taken", taken, ChartPen.Thick(ChartColour.First), taken.Length <= 60 ? ChartMarker.Circle : null);
        panel.Crosses("rejected", rejected, ChartColour.Bad);
        return new Chart(
            "Steps over time",
            FormattableString.Invariant($"{taken.Length} steps taken and {rejected.Length} rejected, the shortest ")
                + FormattableString.Invariant($"{steps.Min(step => Math.Abs(step.Size)):g3} and the longest ")
                + FormattableString.Invariant($"{steps.Max(step => Math.Abs(step.Size)):g3} long."),
            panel);
    }

    private static (double X, double Y) Place(FlowTraceEntry step) => (step.Time, Math.Abs(step.Size));
}
