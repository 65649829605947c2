namespace ImplicitNet.Solvers;

/// <summary>One sample's residual at one step.</summary>
/// <param name="Residual">The norm of <c>map(u) - u</c>, in the rule's norm.</param>
/// <param name="Ratio">That residual over its threshold; at most 1 passes.</param>
public readonly record struct ResidualTraceEntry(double Residual, double Ratio);
