namespace ImplicitNet.Flows;

/// <summary>
/// The exception that is thrown when a flow did not come to its end for every sample and the caller asked for an exception in that case.
/// </summary>
public sealed class FlowException : Exception
{
    internal FlowException(FlowReport report)
        : base(report.ToString()) => Report = report;

    /// <summary>How the flow went, sample by sample.</summary>
    public FlowReport Report { get; }
}
