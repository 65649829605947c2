using ImplicitNet.Flows;
using ImplicitNet.Gradients.Flows;

namespace ImplicitNet.Gradients;

/// <summary>
/// The adjoint of the equation (optimise, then discretise): <c>u</c> and <c>a' = -J^T a</c> are followed from the end back to the start, in
/// the memory of one step and the lengths of all (Chen, Rubanova, Bettencourt and Duvenaud 2018). Its error is told for every sample, and
/// where it is large the sample is done again by the exact adjoint of its steps.
/// </summary>
/// <remarks>
/// <para>
/// A flow that contracts forward expands backward, and the states that come back are not those that were there:
/// <see cref="DiscreteAdjoint"/>, the default, has no such error. Here u starts anew at every time asked for, from the state that is known
/// there, and what comes back is compared with the state at the time before: that distance over the tolerance is the sample's
/// <see cref="GradientReport.Reconstruction"/>. Above <see cref="LargestReconstruction"/>, or where the way back failed, the sample's flow
/// is computed once more, with its steps kept.
/// </para>
/// <para>
/// What parameters and inputs get is integrated along and has no part in the choice of steps, which are each sample's own (the seminorm of
/// Kidger, Chen and Lyons 2021). Events, gradients of times and second derivatives are refused.
/// </para>
/// </remarks>
public sealed record Backsolve : FlowGradient
{
    /// <summary>The lengths of the steps back; default: as those forward.</summary>
    public StepController? Steps { get; init; }

    /// <summary>Distance over tolerance from which on a sample is done again; above 0; default 10.</summary>
    public double LargestReconstruction
    {
        get;
        init => field = value > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(LargestReconstruction), value, "A distance must be above 0.");
    } = 10;

    /// <inheritdoc/>
    protected internal override string Label => "backsolve";

    /// <inheritdoc/>
    internal override FlowPass Pass(FlowRecord record, GradientReport report)
    {
        if ((Steps ?? record.Steps) is PidController && !record.Tableau.HasError)
        {
            throw new InvalidOperationException(
                $"{record.Tableau.Name} has no error estimate, which {nameof(PidController)} needs on the way back: take "
                + $"{nameof(FixedSteps)}.");
        }

        string? fault = record.Field is ImplicitNet.Flows.Loop.SplitField ? "way back by Verlet's steps"
            : record.Event is not null ? "event"
            : record.NeedsTimes ? "gradients of times" : null;
        return fault is null
            ? new BacksolvePass(record, Steps ?? record.Steps, LargestReconstruction, report)
            : throw new InvalidOperationException($"{nameof(Backsolve)} has no {fault}: take {nameof(DiscreteAdjoint)}.");
    }
}
