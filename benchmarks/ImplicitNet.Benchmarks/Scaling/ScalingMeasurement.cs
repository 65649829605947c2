namespace ImplicitNet.Benchmarks.Scaling;

/// <summary>What one process measured.</summary>
/// <param name="Point">The sizes.</param>
/// <param name="TrainingSeconds">A training step by JFB, in the median.</param>
/// <param name="InferenceSeconds">A batch without gradients, in the median.</param>
/// <param name="PeakBytes">The largest working set of the process that has trained for two steps.</param>
/// <param name="BaseBytes">The same before there was a network: the runtime and libtorch.</param>
internal sealed record ScalingMeasurement(
    ScalingPoint Point, double TrainingSeconds, double InferenceSeconds, long PeakBytes, long BaseBytes);
