namespace ImplicitNet.Solvers;

/// <summary>One sample's residual at one step.</summary>
/// <param name="Residual">The norm of <c>map(u) - u</c>, in the rule's norm.</param>
/// <param name="Ratio">That residual over its threshold; it passes if it is at most 1.</param>
/// <param name="Seconds">
/// Wall-clock time from the start of the solve until this residual was on the host, which waits for the device; seconds.
/// </param>
public readonly record struct ResidualTraceEntry(double Residual, double Ratio, double Seconds);
