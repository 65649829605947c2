using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using ImplicitNet.Gradients;
using ImplicitNet.Gradients.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// From a field to states in the graph: the flow, what is done about samples that failed, the gradient. The one way of
/// <see cref="FlowLayer"/> and <see cref="Implicit"/>.
/// </summary>
internal sealed record FlowRun
{
    /// <summary>Bound with its graph; the caller keeps it.</summary>
    public required VectorField Field { get; init; }

    public required Tensor Start { get; init; }

    public required FlowTimes Times { get; init; }

    /// <summary>The caller's, before the open scopes have changed them.</summary>
    public required FlowSettings Settings { get; init; }

    public FlowEvent? Terminal { get; init; }

    public FlowTrace? Trace { get; init; }

    public required UntoldFailure Untold { get; init; }

    public CancellationToken Cancellation { get; init; }

    /// <summary>Runs. The caller owns the result.</summary>
    /// <exception cref="FlowException">A sample did not come to its end and the policy is to throw.</exception>
    public FlowResult Run()
    {
        Untold.Throw();
        using FlowCall call = SolveWatch.InForce(new FlowCall(Settings, new AnyToken(Cancellation)));
        return Run(call.Settings, call.Tokens.Token);
    }

    private FlowResult Run(FlowSettings settings, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        bool isAttached = is_grad_enabled();
        FlowTimes times = Times.Now();
        VectorField field = settings.Solver.Prepared(Field);
        using PenaltyRows? beside = isAttached ? PenaltyRows.Draw(settings.Penalties, Start) : null;
        using FlowSolution solution = Flow.Solve(
            field, Start, times, settings.Solver, settings.Steps, Terminal, Trace, isAttached ? settings.Gradient.TapeBytes : null, beside,
            cancellation);
        settings.OnFailure.Inspect(solution.Report);
        bool[] included = [.. solution.Report.Samples.Select(sample => !settings.OnFailure.Excludes(sample))];
        GradientReport gradient = new(Untold) { Through = "a flow" };
        Tensor ended = tensor(solution.Report.Samples.Select(sample => sample.Time).ToArray(), ScalarType.Float64).to(Start.device);
        AttachedFlow flow = isAttached
            ? AttachedFlow.Of(field, Start, times, solution, settings.Gradient, gradient, beside)
            : new AttachedFlow(solution.States.alias(), solution.State.alias(), ended);
        SampleMask mask = new(included);
        Tensor finite = where(solution.State.isfinite(), solution.State, zeros_like(solution.State));
        Tensor output = mask.All ? flow.End : mask.Choose(flow.End, finite);
        Tensor states = mask.All ? flow.States : Chosen(mask, flow.States, solution.States);

        // The time itself is float64 to the last place, whatever the dtype of what its gradient goes through.
        Tensor endTimes = isAttached && Terminal is not null ? ended + (flow.Time - flow.Time.detach()).to(ScalarType.Float64) : ended;
        Tensor? penalties = flow.Integrals is { } integrals ? beside!.Weighted(integrals) : null;
        FlowResult result = new(
            output.MoveToOuterDisposeScope(), states.MoveToOuterDisposeScope(), endTimes.MoveToOuterDisposeScope(), solution.Report,
            gradient, included)
        {
            Penalties = penalties is null || mask.All
                ? penalties?.MoveToOuterDisposeScope()
                : mask.Choose(penalties, zeros_like(penalties)).MoveToOuterDisposeScope(),
        };
        SolveWatch.TellAll(settings, result);
        return result;
    }

    private static Tensor Chosen(SampleMask mask, Tensor states, Tensor plain) =>
        mask.Choose(states.transpose(0, 1), plain.transpose(0, 1)).transpose(0, 1);
}
