namespace ImplicitNet.Reports.Comparisons;

/// <summary>The memory of one process that trained with one gradient.</summary>
/// <param name="Gradient">The gradient, as the command line names it; an unrolled one without its steps.</param>
/// <param name="Steps">Steps of each solve; of an unrolled gradient also the steps unrolled.</param>
/// <param name="PeakBytes">The largest working set in bytes.</param>
internal sealed record MemoryMeasurement(string Gradient, int Steps, long PeakBytes);
