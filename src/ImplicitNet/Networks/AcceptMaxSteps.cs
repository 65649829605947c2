using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// Samples whose solve came to the step limit count like those that converged, with the iterate that the rule returns; others that failed
/// are left out, as by <see cref="MaskFailures"/>.
/// </summary>
/// <remarks>
/// For networks that are trained on solves cut short. The stalled are among the others: of them more steps make nothing. A front whose
/// residual is level is not stalled under <see cref="LatentStall"/>, nor anything under <see cref="Stall.None"/>. The report still says
/// how each sample ended.
/// </remarks>
public sealed record AcceptMaxSteps : FailurePolicy
{
    /// <inheritdoc/>
    public override bool Excludes(SampleReport sample) => sample.Status is not (SolveStatus.Converged or SolveStatus.MaxStepsReached);
}
