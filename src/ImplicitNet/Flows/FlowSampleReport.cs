namespace ImplicitNet.Flows;

/// <summary>How a flow went for one sample.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Accepted">Steps that were taken.</param>
/// <param name="Rejected">Steps that were tried and whose error was above the tolerance, or not finite.</param>
/// <param name="Time">The time of the state that is returned: the last one asked for, if the flow was completed.</param>
/// <param name="SmallestStep">The length of the shortest step taken, other than the last, which is cut to end in time; 0 without
/// steps.</param>
public readonly record struct FlowSampleReport(FlowStatus Status, int Accepted, int Rejected, double Time, double SmallestStep)
{
    /// <summary>Steps that were tried, taken or not.</summary>
    public int Steps => Accepted + Rejected;

    /// <summary>Whether the flow came to its last time or to its event.</summary>
    public bool HasSucceeded => Status is FlowStatus.Completed or FlowStatus.EventReached;
}
