namespace ImplicitNet.Flows;

/// <summary>How long the steps of a flow are: every sample's own.</summary>
/// <remarks>One value, like a stopping rule: two are equal if all their parts are. <see cref="FixedSteps"/>, or
/// <see cref="PidController"/>.</remarks>
public abstract record StepController
{
    /// <summary>Steps that a sample tries at most, rejected ones included; at least 1; default 10,000.</summary>
    public int MaxSteps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxSteps), value, "At least one step is needed.");
    } = 10_000;

    private protected StepController()
    {
    }
}
