using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>The states of a flow forward; backward, the equation of the adjoint.</summary>
/// <param name="record">What was computed.</param>
/// <param name="steps">The lengths of the steps back.</param>
/// <param name="largest">Distance over tolerance from which on a sample is done again.</param>
/// <param name="report">Told what was done.</param>
internal sealed class BacksolvePass(FlowRecord record, StepController steps, double largest, GradientReport report) : FlowPass
{
    /// <inheritdoc/>
    public override GradientReport Report => report;

    /// <inheritdoc/>
    /// <remarks>The states are their own record: the graph keeps them.</remarks>
    public override Tensor[] Kept(FlowSolution solution) =>
        [solution.RowsOfStates.alias(), solution.RowsOfEnds.alias()];

    /// <inheritdoc/>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        report.BeginPass();
        if (is_grad_enabled())
        {
            throw new InvalidOperationException("Backsolve has no second derivatives: take DiscreteAdjoint.");
        }

        Tensor[] all = [.. kept()], sources = all[..Sources.Count];
        using IDisposable noGraph = no_grad();
        return new Back(record, steps, largest, report, sources, all[Sources.Count], all[Sources.Count + 1], gradient).Run();
    }

    /// <summary>One pass.</summary>
    private sealed class Back
    {
        private readonly FlowRecord _record;
        private readonly StepController _steps;
        private readonly double _largest;
        private readonly GradientReport _report;
        private readonly Tensor[] _sources;
        private readonly Tensor[] _inputs;
        private readonly VectorField _field;
        private readonly Tensor _states;
        private readonly Tensor _gradient;
        private readonly Tensor _toStates;
        private readonly Tensor _toEnds;
        private readonly double[] _reconstruction;
        private readonly bool[] _isMoved;

        public Back(
            FlowRecord record, StepController stepsBack, double largest, GradientReport report, Tensor[] sources, Tensor states,
            Tensor ends, Tensor gradient)
        {
            (_record, _steps, _largest, _report, _sources, _gradient) = (record, stepsBack, largest, report, sources, gradient);
            (int times, int batch, int size) = (record.Times.Count, record.Batch, record.Size);
            _states = states.reshape(times, batch, size).clone();
            _states[times - 1].copy_(ends);
            _toStates = gradient.narrow(0, 0, (long)times * batch * size).reshape(times, batch, size);
            _toEnds = gradient.narrow(0, (long)times * batch * size, (long)batch * size).reshape(batch, size);
            _reconstruction = new double[batch];
            int firstInput = record.Times.Source is null ? 1 : 2;
            _inputs = [.. sources.Skip(firstInput).Take(record.Field.Inputs.Tensors.Count)];
            _field = record.Field.With(record.Field.Inputs.With([.. _inputs.Select(input => input.detach())]));

            // What is 0 for a sample stays 0, whatever its field is.
            _isMoved = [.. (_toStates.ne(0).any(2).any(0) | _toEnds.ne(0).any(1)).cpu().data<bool>()];
        }

        public Tensor?[] Run()
        {
            using VectorField owned = _field;
            int last = _record.Times.Count - 1;
            Tensor adjoint = _toEnds + _toStates[last];
            List<FlowSolution> ways = [];
            try
            {
                for (int index = last; index > 0; index--)
                {
                    FlowSolution way = Way(index, adjoint);
                    ways.Add(way);
                    Compare(way, index);
                    adjoint = way.State.select(1, 1) + _toStates[index - 1];
                }

                bool[] isFlagged = [.. _reconstruction.Select((distance, sample) =>
                    _isMoved[sample] && !(distance <= _largest))];
                int[] kept = [.. Enumerable.Range(0, _record.Batch).Where(sample => _isMoved[sample] && !isFlagged[sample])];
                using StageGraphs graphs = new(_record, _inputs, _gradient.device);
                if (kept.Length > 0)
                {
                    graphs.Restrict(kept);
                    ways.ForEach(way => Integrate(way, kept, graphs));
                }

                Tensor?[] rest = graphs.Sums();
                _report.Paid(graphs.Products);
                _report.Reconstructed(_reconstruction, isFlagged.Count(flagged => flagged));
                Tensor isKept = tensor(isFlagged.Select(flagged => !flagged).ToArray(), device: adjoint.device);
                Tensor start = _record.Layout.Restore(Chosen(adjoint, isKept, _isMoved));
                Tensor?[] own = _record.Times.Source is null ? [start, .. rest] : [start, null, .. rest];
                return isFlagged.Contains(true) ? Sum(own, Exact(isKept.unsqueeze(1))) : own;
            }
            finally
            {
                foreach (FlowSolution way in ways)
                {
                    way.Dispose();
                }
            }
        }

        private static Tensor Chosen(Tensor adjoint, Tensor isKept, bool[] isMoved)
        {
            Tensor isChosen = (isKept & tensor(isMoved, device: adjoint.device)).unsqueeze(1);
            return where(isChosen, adjoint, zeros_like(adjoint));
        }

        private static Tensor?[] Sum(Tensor?[] one, Tensor?[] other) =>
            [.. one.Zip(other, (first, second) => first is null ? second : second is null ? first : first + second)];

        /// <summary>From a time asked for back to the one before.</summary>
        private FlowSolution Way(int index, Tensor adjoint)
        {
            using AdjointField field = new(_field, _record.Layout, _field.Inputs.Borrowed());
            double[] times = [.. Enumerable.Range(0, _record.Batch).SelectMany(
                sample => (double[])[_record.Times[sample, index], _record.Times[sample, index - 1]])];
            Tensor both = stack([_states[index], adjoint], 1);
            using Tensor pairs = tensor(times).reshape(_record.Batch, 2);
            FlowSolution way = Flow.Solve(
                field, both, FlowTimes.Of(pairs), new ExplicitRungeKutta(_record.Tableau), _steps, null, null,
                tapeBytes: 0, default);
            _report.Paid(way.Report.Evaluations);
            return way;
        }

        /// <summary>How far what came back is from what was there, over the tolerance.</summary>
        private void Compare(FlowSolution way, int index)
        {
            (double relative, double absolute) = (_steps as PidController ?? new PidController()).Tolerances(_states.dtype);
            Tensor there = _states[index - 1].narrow(1, 0, _record.Counted), back = way.State.select(1, 0).narrow(1, 0, _record.Counted);
            Tensor distance = ((back - there) / ((there.abs().maximum(back.abs()) * relative) + absolute)).square().mean([1]).sqrt();
            double[] distances = [.. distance.to(ScalarType.Float64).cpu().data<double>()];
            for (int sample = 0; sample < distances.Length; sample++)
            {
                bool isThere = way.Report.Samples[sample].HasSucceeded && _record.Report.Samples[sample].Status == FlowStatus.Completed;
                double found = isThere ? distances[sample] : double.PositiveInfinity;
                _reconstruction[sample] = double.IsNaN(found) ? double.PositiveInfinity : Math.Max(_reconstruction[sample], found);
            }
        }

        /// <summary>Adds what parameters and inputs get along the way: <c>sum_i h b_i a_i^T df</c> over its steps.</summary>
        /// <param name="way">With its steps.</param>
        /// <param name="samples">Those that came back.</param>
        /// <param name="graphs">For these samples.</param>
        private void Integrate(FlowSolution way, int[] samples, StageGraphs graphs)
        {
            StepTape tape = way.Tape!;
            double[] at = [.. samples.Select(sample => way.Report.Samples[sample].Time
                - Enumerable.Range(0, tape.Steps(sample)).Sum(step => tape.Size(sample, step)))];
            using Tensor chosen = tensor(samples.Select(sample => (long)sample).ToArray(), device: way.State.device);
            using Tensor states = way.State.index_select(0, chosen);
            using RowArena rows = RowArenas.Like(states, 2 + _record.Tableau.Stages);
            rows.Take(0, states);
            for (int row = 0; row < samples.Length; row++)
            {
                if (tape.Steps(samples[row]) > 0)
                {
                    tape.Read(rows, 0, row, samples[row], 0);
                }
            }

            for (int step = 0; step < samples.Max(tape.Steps); step++)
            {
                using DisposeScope scope = NewDisposeScope();
                double[] sizes = new double[samples.Length];
                for (int row = 0; row < samples.Length; row++)
                {
                    sizes[row] = step < tape.Steps(samples[row]) ? tape.Size(samples[row], step) : 0;
                }

                // The steps are taken once more: their lengths alone were kept.
                Stages(rows, at, sizes, graphs);
                rows.Combine(0, 0, sizes, _record.Tableau.Weights, 2);
                for (int row = 0; row < samples.Length; row++)
                {
                    at[row] += sizes[row];
                }
            }
        }

        private void Stages(RowArena rows, double[] at, double[] sizes, StageGraphs graphs)
        {
            ButcherTableau tableau = _record.Tableau;
            Tensor lengths = tensor(sizes).to(_gradient.device).unsqueeze(1);
            for (int stage = 0; stage < tableau.Stages; stage++)
            {
                rows.Combine(1, 0, sizes, tableau.Coefficients[stage], 2);
                double[] times = [.. at.Zip(sizes, (t, size) => t + (tableau.Nodes[stage] * size))];
                Tensor state = _record.Layout.Restore(rows.View(1).select(1, 0)), adjoint = rows.View(1).select(1, 1);
                Tensor derivative = graphs.Evaluate(tableau.Stages, stage, times, state);
                (Tensor? back, _) = graphs.Back(stage, _record.Layout.Restore(adjoint), isProbe: true);
                if (tableau.Weights[stage] != 0)
                {
                    // The way is walked backward: its lengths are negative, and so is the integral over it.
                    Tensor vector = adjoint * (lengths * -tableau.Weights[stage]).to(adjoint.dtype);
                    graphs.Back(stage, _record.Layout.Restore(vector), isProbe: false);
                }

                Tensor second = back is null ? zeros_like(adjoint) : -_record.Layout.Flatten(back);
                rows.Take(2 + stage, stack([_record.Layout.Flatten(derivative), second], 1));
            }
        }

        /// <summary>The exact adjoint of the steps of those that did not come back.</summary>
        private Tensor?[] Exact(Tensor isKept)
        {
            using FlowSolution again = Flow.Solve(
                _field, _sources[0].detach(), _record.Times, new ExplicitRungeKutta(_record.Tableau), _record.Steps, null, null,
                new DiscreteAdjoint().MemoryBudget, default);
            FlowRecord steps = _record with { Tape = again.Tape, Report = again.Report, Steps = again.Origin.Steps };
            Tensor flagged = isKept.logical_not();
            Tensor toStates = where(flagged.unsqueeze(0), _toStates, zeros_like(_toStates));
            Tensor toEnds = where(flagged, _toEnds, zeros_like(_toEnds));
            Tensor[] pages = again.Tape!.TakePages();
            Tensor to = cat([toStates.flatten(), toEnds.flatten(), zeros(_record.Batch, dtype: _gradient.dtype, device: _gradient.device)]);
            using AdjointSweep sweep = new(steps, _sources, pages, to, int.MaxValue);
            Tensor?[] gradients = sweep.Run();
            _report.Paid(sweep.Products);
            foreach (Tensor page in pages)
            {
                page.Dispose();
            }

            return gradients;
        }
    }
}
