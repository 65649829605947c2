namespace ImplicitNet.Flows;

/// <summary>One step that was tried.</summary>
/// <param name="Sample">Whose.</param>
/// <param name="Time">Where it begins.</param>
/// <param name="Size">Its length; negative: backward.</param>
/// <param name="Ratio">Its error over the tolerance; 0 without an error estimate, NaN where the state after it is not finite.</param>
/// <param name="IsAccepted">Whether it was taken.</param>
public readonly record struct FlowTraceEntry(int Sample, double Time, double Size, double Ratio, bool IsAccepted);
