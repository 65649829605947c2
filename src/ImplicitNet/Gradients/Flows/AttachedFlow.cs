using ImplicitNet.Batches;
using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>A flow in the graph: its states at the times asked for, at its end, and the time of that.</summary>
/// <param name="States">[times, batch, ...].</param>
/// <param name="End">[batch, ...].</param>
/// <param name="Time">[batch], in the dtype of the state.</param>
/// <param name="Integrals">Of penalties: [batch, penalties]; null: there are none.</param>
internal readonly record struct AttachedFlow(Tensor States, Tensor End, Tensor Time, Tensor? Integrals = null)
{
    /// <summary>Puts a solution into the graph.</summary>
    /// <param name="field">The field that was followed, bound with its graph.</param>
    /// <param name="start">Where it started, in its graph.</param>
    /// <param name="times">When.</param>
    /// <param name="solution">What was found, with its steps; these are the graph's from now on.</param>
    /// <param name="gradient">What goes back.</param>
    /// <param name="report">Told what backward passes did.</param>
    /// <param name="penalties">What was integrated beside the states; null: nothing.</param>
    /// <returns>In the caller's dispose scope.</returns>
    public static AttachedFlow Of(
        VectorField field, Tensor start, FlowTimes times, FlowSolution solution, FlowGradient gradient, GradientReport report,
        PenaltyRows? penalties = null)
    {
        FlowOrigin origin = solution.Origin;
        bool isSystem = !field.IsPerSample && start.shape[0] > 0;
        VectorField inner = isSystem ? new SingleSystemField(field) : field;
        Tensor first = isSystem ? start.unsqueeze(0) : start;
        FlowEvent? terminal = origin.Event;
        EnsureNamed(inner, first, times, terminal);
        PenalizedField? rows = penalties?.Beside(inner, first);
        if (rows is not null)
        {
            (inner, first, terminal) = (rows, rows.Pack(first), rows.Beside(terminal));
        }

        FlowRecord record = new()
        {
            Field = inner,
            Times = times,
            Tableau = origin.Tableau,
            Steps = origin.Steps,
            Event = terminal,
            Report = origin.Report,
            Tape = solution.Tape,
            Layout = LatentLayout.Of(first),
            Batch = (int)first.shape[0],
            Size = (int)first.shape[1..].Aggregate(1L, (product, side) => product * side),
            Counted = rows?.Size ?? (int)first.shape[1..].Aggregate(1L, (product, side) => product * side),
            NeedsTimes = origin.Event is not null || times.Source is { requires_grad: true },
            WritesState = origin.WritesState,
        };
        Tensor[] sources =
            [first, .. times.Source is null ? [] : new[] { times.Source }, .. inner.Inputs.Tensors, .. inner.Inputs.ParameterList ?? []];
        Tensor packed = record.Pack(solution);
        if (Array.Exists(sources, source => source.requires_grad))
        {
            FlowPass pass = gradient.Pass(record, report);
            Tensor[] kept = pass.Kept(solution);
            pass.Value = packed;
            packed = GraphNode.Attach(pass, sources, [.. sources, .. kept], isAlarmed: true);
            foreach (Tensor each in kept)
            {
                each.Dispose();
            }
        }

        (Tensor states, Tensor end, Tensor time) = record.Unpack(packed);
        Tensor? integrals = rows?.Integrals(end);
        (states, end) = rows is null ? (states, end) : (rows.States(states), rows.States(end));
        return isSystem
            ? new AttachedFlow(
                states.squeeze(1), end.squeeze(0), time.expand(start.shape[0]), integrals?.expand(start.shape[0], -1))
            : new AttachedFlow(states, end, time, integrals);
    }

    /// <summary>
    /// Refuses a field or an event that computes with tensors of which nobody said that gradients go to them: these would get none.
    /// </summary>
    private static void EnsureNamed(VectorField field, Tensor start, FlowTimes times, FlowEvent? terminal)
    {
        if (field.Inputs.ParameterList is not null || start.shape[0] == 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable graph = enable_grad();
        using VectorField constant = field.With(field.Inputs.Select(input => input.detach()));
        double[] at = [.. Enumerable.Range(0, (int)start.shape[0]).Select(sample => times[sample, 0])];
        Tensor? number = terminal?.Value(StageTimes.Of(at, start), start.detach().clone(), constant.Inputs);
        Tensor derivative = FieldMeter.Checked(constant, StageTimes.Of(at, start), start.detach().clone());
        if (derivative.requires_grad || number is { requires_grad: true })
        {
            throw new InvalidOperationException(
                "The field, or the event, computes with tensors that require gradients and that its inputs do not name, so that no "
                + "gradient would reach them. Name them: new PerSampleField(f, new MapInputs { Parameters = module.parameters() }).");
        }
    }
}
