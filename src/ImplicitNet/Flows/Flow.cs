using ImplicitNet.Differentiation;
using ImplicitNet.Flows.Loop;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>Follows vector fields: solves <c>u' = f(t, u; q)</c>, <c>u(t0) = u0</c>, for every sample of a batch.</summary>
public static class Flow
{
    /// <summary>Computes the states of a flow at some times.</summary>
    /// <remarks>
    /// Runs without building a graph. Every sample has its own time, its own steps and its own status; one that has ended leaves the batch
    /// and costs nothing more, and one that fails changes nothing for the others: a sample's steps are those that it would take alone, its
    /// values the same to the rounding of the kernels. A failure is never an exception here: read the report, or call
    /// <see cref="FlowReport.ThrowIfFailed"/>.
    /// </remarks>
    /// <param name="field">f; the caller keeps it.</param>
    /// <param name="start">u0: [batch, ...], floating point, any device and memory layout; not changed, and the caller keeps it.</param>
    /// <param name="times">When: the first time is where the flow starts, the last where it ends.</param>
    /// <param name="solver">The method; default <see cref="ExplicitRungeKutta"/> with <see cref="ButcherTableau.Tsit5"/>.</param>
    /// <param name="steps">The lengths of the steps; default <see cref="PidController"/> with tolerances by dtype.</param>
    /// <param name="terminal">What ends a sample before its last time; default: nothing.</param>
    /// <param name="trace">Receives every step that was tried, when given.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>The states and the report. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// The start is no batch of states; times are for another batch; a per-sample input has another number of rows; the method has no error
    /// estimate and the controller needs one; the tolerance is below what the dtype resolves; or the field writes into its inputs, or does
    /// not return a dense tensor of the shape, dtype and device of u.
    /// </exception>
    /// <exception cref="OperationCanceledException">The flow was cancelled; all its tensors have been released.</exception>
    public static FlowSolution Solve(
        VectorField field,
        Tensor start,
        FlowTimes times,
        FlowSolver? solver = null,
        StepController? steps = null,
        FlowEvent? terminal = null,
        FlowTrace? trace = null,
        CancellationToken cancellation = default) =>
        Solve(field, start, times, solver, steps, terminal, trace, tapeBytes: null, cancellation);

    /// <summary>The same, with the steps kept for a gradient.</summary>
    internal static FlowSolution Solve(
        VectorField field, Tensor start, FlowTimes times, FlowSolver? solver, StepController? steps, FlowEvent? terminal, FlowTrace? trace,
        long? tapeBytes, CancellationToken cancellation) =>
        Solve(field, start, times, solver, steps, terminal, trace, tapeBytes, penalties: null, cancellation);

    /// <summary>The same, with penalties beside the state.</summary>
    internal static FlowSolution Solve(
        VectorField field, Tensor start, FlowTimes times, FlowSolver? solver, StepController? steps, FlowEvent? terminal, FlowTrace? trace,
        long? tapeBytes, PenaltyRows? penalties, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(times);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor states = LatentContract.Start(start);
        times = times.Now();
        times.EnsureBatch(states.shape[0]);
        EnsureRows(field, states);
        FlowSolver method = solver ?? new ExplicitRungeKutta();
        field = method.Prepared(field);
        if (penalties is not null && field is SplitField)
        {
            throw new ArgumentException(
                $"{method.GetType().Name} moves a part of the state at a time, and penalties are of the whole field.");
        }

        FlowContext context = new()
        {
            Field = field,
            Start = states,
            Times = times,
            Tableau = method.Method,
            Steps = steps ?? new PidController(),
            Event = terminal,
            Penalties = penalties,
            Trace = trace,
            TapeBytes = tapeBytes,
            Cancellation = cancellation,
        };
        if (context.Steps is PidController && !context.Tableau.HasError)
        {
            throw new ArgumentException(
                $"{context.Tableau.Name} has no error estimate, which {nameof(PidController)} needs: take {nameof(FixedSteps)}, or another "
                + "method.");
        }

        return TorchMessage.Guarded(() => field.IsPerSample ? Run(context) : Whole(context));
    }

    private static FlowSolution Run(FlowContext context)
    {
        if (context.Penalties is not { } penalties)
        {
            using FlowLoop loop = new(context);
            return loop.Run();
        }

        using PenalizedField field = penalties.Beside(context.Field, context.Start);
        FlowSolution rows = Run(context with
        {
            Field = field,
            Start = field.Pack(context.Start),
            Event = field.Beside(context.Event),
            Penalties = null,
            Counted = field.Size,
        });
        FlowSolution solution = new(
            field.States(rows.State).DetachFromDisposeScope(), field.States(rows.States).DetachFromDisposeScope(), rows.Report, rows,
            rows.Origin with { Event = context.Event })
        {
            Integrals = field.Integrals(rows.State).DetachFromDisposeScope(),
        };
        rows.State.Dispose();
        rows.States.Dispose();
        return solution;
    }

    /// <summary>One system: all samples take the same steps.</summary>
    private static FlowSolution Whole(FlowContext context)
    {
        int batch = (int)context.Start.shape[0];
        if (context.Times.IsPerSample)
        {
            throw new ArgumentException("The samples of a coupled field are one system, which has one row of times: [count].");
        }

        if (batch == 0)
        {
            return Run(context);
        }

        using SingleSystemField system = new(context.Field);
        FlowSolution whole = Run(context with { Field = system, Start = context.Start.unsqueeze(0), Event = context.Event?.OfWhole() });
        FlowReport report = new([.. Enumerable.Repeat(whole.Report.Samples[0], batch)], whole.Report.Evaluations * batch);
        FlowSolution solution = new(
            whole.State.squeeze(0).DetachFromDisposeScope(), whole.States.squeeze(1).DetachFromDisposeScope(), report, whole)
        {
            Integrals = whole.Integrals?.expand(batch, -1).DetachFromDisposeScope(),
        };
        whole.Integrals?.Dispose();
        whole.State.Dispose();
        whole.States.Dispose();
        return solution;
    }

    private static void EnsureRows(VectorField field, Tensor start)
    {
        foreach (Tensor input in field.IsPerSample ? field.Inputs.PerSample : [])
        {
            if (input.IsInvalid || input.ndim == 0 || input.shape[0] != start.shape[0])
            {
                throw new ArgumentException(
                    $"A per-sample input needs one row for each of the {start.shape[0]} samples of the start. "
                    + $"Given: {(input.IsInvalid ? "a disposed tensor" : Kernels.TensorCheck.Describe(input))}.");
            }
        }
    }
}
