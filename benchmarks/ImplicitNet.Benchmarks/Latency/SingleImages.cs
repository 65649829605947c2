namespace ImplicitNet.Benchmarks.Latency;

/// <summary>Images inferred one at a time.</summary>
/// <param name="Count">How many.</param>
/// <param name="Median">Seconds from an image to its class that half of them take at most.</param>
/// <param name="Late">Seconds that 95 of 100 take at most.</param>
/// <param name="ByStep">The same images by the steps of their solve.</param>
internal sealed record SingleImages(int Count, double Median, double Late, IReadOnlyList<StepGroup> ByStep);
