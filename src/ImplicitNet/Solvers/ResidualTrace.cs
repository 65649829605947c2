namespace ImplicitNet.Solvers;

/// <summary>
/// Records the residual of every sample at every step, for those who pass one to <see cref="FixedPoint.Solve"/>.
/// </summary>
public sealed class ResidualTrace
{
    private List<ResidualTraceEntry>[] _samples = [];

    /// <summary>For every sample its residuals in step order, starting with the one at the start.</summary>
    public IReadOnlyList<IReadOnlyList<ResidualTraceEntry>> Samples => _samples;

    internal void Begin(int count) => _samples = [.. Enumerable.Range(0, count).Select(_ => new List<ResidualTraceEntry>())];

    internal void Append(int sample, IReadOnlyList<ResidualTraceEntry> further) => _samples[sample].AddRange(further);

    internal void Add(int sample, double residual, double ratio) => _samples[sample].Add(new ResidualTraceEntry(residual, ratio));
}
