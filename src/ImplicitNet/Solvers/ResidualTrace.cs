using System.Diagnostics;

namespace ImplicitNet.Solvers;

/// <summary>
/// Records the residual of every sample at every step, and when it was known. Pass one to <see cref="FixedPoint.Solve"/>.
/// </summary>
/// <remarks>A coupled map is one system: its trace has one sample.</remarks>
public sealed class ResidualTrace
{
    private List<ResidualTraceEntry>[] _samples = [];
    private long _begin;

    /// <summary>For every sample, its residuals in the order of the steps, beginning with that at the start.</summary>
    public IReadOnlyList<IReadOnlyList<ResidualTraceEntry>> Samples => _samples;

    /// <summary>Seconds since the solve began.</summary>
    internal double Seconds => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    internal void Begin(int count)
    {
        _samples = [.. Enumerable.Range(0, count).Select(_ => new List<ResidualTraceEntry>())];
        _begin = Stopwatch.GetTimestamp();
    }

    internal void Add(int sample, ResidualTraceEntry entry) => _samples[sample].Add(entry);

    /// <summary>Goes on with a sample of a later solve, on this one's clock.</summary>
    internal void Append(int sample, ResidualTrace later, int position)
    {
        double between = Stopwatch.GetElapsedTime(_begin, later._begin).TotalSeconds;
        _samples[sample].AddRange(later._samples[position].Select(entry => entry with { Seconds = entry.Seconds + between }));
    }
}
