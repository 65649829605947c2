namespace ImplicitNet.Flows;

/// <summary>How a flow ended for one sample.</summary>
public enum FlowStatus
{
    /// <summary>
    /// It came to its last time, every step of it within the tolerance by its estimate. Where a derivative of the field jumps (ReLU), the
    /// estimates of <see cref="ButcherTableau.Tsit5"/> and <see cref="ButcherTableau.Dopri5"/> may see a fiftieth of the error.
    /// </summary>
    Completed,

    /// <summary>The event came first: the state returned is the one at the event.</summary>
    EventReached,

    /// <summary>The step limit came first; the state returned is the one after the last step that was accepted.</summary>
    MaxStepsReached,

    /// <summary>
    /// The step that the tolerance asks for is below what time resolves: the solution ends there (a pole), or is not smooth.
    /// </summary>
    StepTooSmall,

    /// <summary>The field is NaN or infinite at the start, or beyond every state that steps could come to.</summary>
    NonFinite,
}
