using ImplicitNet.Flows;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Lets samples whose solve came to the step limit count like those that converged, with the iterate that the stopping rule returns. Other
/// failed samples are left out, as by <see cref="MaskFailures"/>.
/// </summary>
/// <remarks>
/// For networks that are trained on solves cut short. Stalled samples are among the others, since more steps would not help them. A front
/// whose residual is level is not stalled under <see cref="LatentStall"/>, and nothing is under <see cref="Stall.None"/>. The report still
/// says how each sample ended.
/// </remarks>
public sealed record AcceptMaxSteps : FailurePolicy
{
    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => sample.Status is not (SolveStatus.Converged or SolveStatus.MaxStepsReached);

    /// <inheritdoc/>
    public override bool Excludes(FlowSampleReport sample) => !sample.HasSucceeded && sample.Status != FlowStatus.MaxStepsReached;
}
