namespace ImplicitNet.Benchmarks.Latency;

/// <summary>The images whose solve took a number of steps.</summary>
/// <param name="Steps">Of their solve.</param>
/// <param name="Images">How many.</param>
/// <param name="Median">Seconds from such an image to its class, in the median.</param>
internal sealed record StepGroup(int Steps, int Images, double Median);
