using ImplicitNet.Flows.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>The states that a flow came to, and how it went. Dispose it when they are no longer needed.</summary>
public sealed class FlowSolution : IDisposable
{
    private readonly ArenaRows _states;
    private readonly ArenaRows _final;

    internal FlowSolution(int times, ArenaRows states, ArenaRows final, FlowOrigin origin, StepTape? tape)
    {
        (_states, _final, Report, Origin, Tape) = (states, final, origin.Report, origin, tape);
        State = final.Restored().DetachFromDisposeScope();
        long batch = final.Values.shape[0];
        using Tensor all = states.Restored();
        States = all.reshape([times, batch, .. all.shape[1..]]).DetachFromDisposeScope();
    }

    internal FlowSolution(Tensor state, Tensor states, FlowReport report, FlowSolution whole, FlowOrigin? origin = null)
    {
        (_states, _final, Report, Origin, Tape) = (whole._states, whole._final, report, origin ?? whole.Origin, whole.Tape);
        (State, States) = (state, states);
    }

    /// <summary>
    /// The state of every sample where its flow ended: [batch, ...], detached from any graph; at the last time, at the event, or, where it
    /// failed, after the last step that was accepted. <see cref="FlowSampleReport.Time"/> says when that was. Owned by this solution.
    /// </summary>
    public Tensor State { get; }

    /// <summary>
    /// The states at all times asked for: [times, batch, ...], detached from any graph; NaN at times that a sample did not come to. Owned
    /// by this solution.
    /// </summary>
    public Tensor States { get; }

    /// <summary>What was integrated beside the state: [batch, penalties]; null: nothing. Owned by this solution.</summary>
    internal Tensor? Integrals { get; init; }

    /// <summary>How the flow went.</summary>
    public FlowReport Report { get; }

    /// <summary>How it was computed.</summary>
    internal FlowOrigin Origin { get; }

    /// <summary>The steps, for a gradient; null where none were asked for.</summary>
    internal StepTape? Tape { get; }

    /// <summary>[times * batch, n].</summary>
    internal Tensor RowsOfStates => _states.Values;

    /// <summary>[batch, n].</summary>
    internal Tensor RowsOfEnds => _final.Values;

    /// <inheritdoc/>
    public void Dispose()
    {
        State.Dispose();
        States.Dispose();
        Integrals?.Dispose();
        _states.Dispose();
        _final.Dispose();
        Tape?.Dispose();
    }
}
