namespace ImplicitNet.Flows;

/// <summary>The steps that a flow tried, as they came: for a picture of steps over time. Plain numbers; it owns no tensor.</summary>
public sealed class FlowTrace
{
    private readonly List<FlowTraceEntry> _entries = [];

    /// <summary>In the order they were tried.</summary>
    public IReadOnlyList<FlowTraceEntry> Entries => _entries;

    internal void Add(ReadOnlySpan<int> samples, double[] times, double[] sizes, double[] ratios, bool[] accepted)
    {
        for (int row = 0; row < samples.Length; row++)
        {
            if (sizes[row] != 0)
            {
                _entries.Add(new FlowTraceEntry(samples[row], times[row], sizes[row], ratios[row], accepted[row]));
            }
        }
    }
}
