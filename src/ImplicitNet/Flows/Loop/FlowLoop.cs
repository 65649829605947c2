using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>The one loop that every flow runs in: acceptance, limits, statuses, times asked for, events, what a gradient needs.</summary>
internal sealed class FlowLoop : IDisposable
{
    // As in the loop of fixed points: what is paid for finished samples is 3 % at most.
    private const int CompactionDivisor = 32;

    private readonly FlowContext _context;
    private readonly FieldMeter _field;
    private readonly RungeKuttaIteration _iteration;
    private readonly FlowProgress _progress;
    private readonly EventSearch? _events;
    private readonly ArenaRows _states;
    private readonly ArenaRows _final;
    private readonly int[] _nextTime;
    private readonly int _batch;
    private int[] _samples;
    private int _finished;
    private bool _isHandedOver;

    public FlowLoop(FlowContext context)
    {
        _context = context;
        _batch = (int)context.Start.shape[0];
        _progress = new FlowProgress(context.Times, _batch, context.Steps, context.Tableau.ErrorOrder, context.Start.dtype);
        _field = new FieldMeter(context.Field);
        _iteration = new RungeKuttaIteration(context.Tableau, _field, context.Start, context.Counted);
        _events = context.Event is null ? null : new EventSearch(context, _progress);
        _states = new ArenaRows(context.Start, (long)_batch * context.Times.Count);
        _final = new ArenaRows(context.Start, _batch);
        _nextTime = new int[_batch];
        _samples = [.. Enumerable.Range(0, _batch)];
        Tape = context.TapeBytes is { } budget ? new StepTape(context.Start, budget) : null;
    }

    /// <summary>The steps that were taken; null where nobody asked.</summary>
    public StepTape? Tape { get; }

    /// <summary>Runs to the end.</summary>
    /// <returns>The caller owns it.</returns>
    public FlowSolution Run()
    {
        Begin();
        while (_finished < _samples.Length)
        {
            _context.Cancellation.ThrowIfCancellationRequested();
            Step();
            Compact();
        }

        _isHandedOver = true;
        FlowReport report = new(
            [.. Enumerable.Range(0, _batch).Select(_progress.Report)], _field.Evaluations + (_events?.Evaluations ?? 0));
        FlowOrigin origin = new(_context.Tableau, _context.Steps, _context.Event, report, _field.WritesState);
        return new FlowSolution(_context.Times.Count, _states, _final, origin, Tape);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _iteration.Dispose();
        _field.Dispose();
        _events?.Dispose();
        if (!_isHandedOver)
        {
            _states.Dispose();
            _final.Dispose();
            Tape?.Dispose();
        }
    }

    private void Begin()
    {
        if (_batch == 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        _iteration.Begin(_progress.Times);
        double[] norms = new double[_batch], slopes = new double[_batch], proofs = new double[_batch];
        _iteration.Rows.Norms([], [1], RungeKuttaIteration.State, 0, 0, _progress.Absolute, _progress.Relative, norms);
        _iteration.Rows.Norms([], [1], RungeKuttaIteration.Stages, 0, 0, _progress.Absolute, _progress.Relative, slopes);
        _iteration.Rows.Norms([], [], 0, 0, RungeKuttaIteration.Stages, _progress.Absolute, _progress.Relative, proofs);
        double[] sizes = _progress.NeedsFirstSteps ? FirstSteps(norms, slopes) : new double[_batch];
        for (int sample = 0; sample < _batch; sample++)
        {
            _progress.Begin(sample, sizes[sample]);
            AskedTimes(sample, sample, 0, [], isAtEnd: false, _iteration);
            _progress.Statuses[sample] = double.IsNaN(norms[sample]) || double.IsNaN(proofs[sample])
                ? FlowStatus.NonFinite
                : _progress.Direction(sample) == 0 ? FlowStatus.Completed : null;
            Finish(sample);
        }

        _events?.Begin(_iteration, _field.Field, _samples);
    }

    /// <summary>First steps (Hairer, Nørsett and Wanner 1993, II.4): one evaluation more.</summary>
    private double[] FirstSteps(double[] norms, double[] slopes)
    {
        RowArena rows = _iteration.Rows;
        double[] tried = [.. norms.Zip(
            slopes, (size, slope) => size < 1e-5 || slope < 1e-5 || !double.IsFinite(slope) ? 1e-6 : 0.01 * size / slope)];
        double[] signed = [.. tried.Select((size, sample) => Math.Min(size, _progress.Rest(sample)) * _progress.Direction(sample))];
        _iteration.Probe(_progress.Times, signed);
        double[] changes = new double[_batch];
        rows.Norms([], [-1, 1], RungeKuttaIteration.Stages, 0, 0, _progress.Absolute, _progress.Relative, changes);
        return [.. tried.Select((size, sample) =>
        {
            double most = Math.Max(slopes[sample], changes[sample] / Math.Abs(signed[sample]));
            double second = !(most > 1e-15) ? Math.Max(1e-6, size * 1e-3) : Math.Pow(0.01 / most, 1.0 / (_context.Tableau.ErrorOrder + 1));
            double first = Math.Min(100 * size, second);
            return double.IsFinite(first) && first > 0 ? first : size;
        })];
    }

    private void Step()
    {
        int count = _samples.Length;
        double[] times = new double[count], sizes = new double[count], ratios = new double[count];
        bool[] active = new bool[count], accepted = new bool[count];
        for (int row = 0; row < count; row++)
        {
            active[row] = _progress.Statuses[_samples[row]] is null;
            times[row] = _progress.Times[_samples[row]];
            sizes[row] = active[row] ? _progress.Propose(_samples[row]) : 0;
        }

        _iteration.Step(times, sizes);
        _iteration.Rows.Norms(
            sizes, _context.Tableau.ErrorWeights ?? [], RungeKuttaIteration.Stages, RungeKuttaIteration.State, RungeKuttaIteration.Next,
            _progress.Absolute, _progress.Relative, ratios);
        for (int row = 0; row < count; row++)
        {
            accepted[row] = active[row] && _progress.Record(_samples[row], ratios[row]);
        }

        // Those that come to an event end elsewhere in the step, by steps of their own.
        _events?.Look(_iteration, _field.Field, _samples, times, sizes, accepted);
        Tape?.Add(_iteration.Rows, _samples, sizes, accepted);
        for (int row = 0; row < count; row++)
        {
            if (accepted[row])
            {
                AskedTimes(_samples[row], row, times[row], sizes, _progress.Statuses[_samples[row]] == FlowStatus.Completed, _iteration);
            }
        }

        _iteration.Accept(accepted);
        _context.Trace?.Add(_samples, times, sizes, ratios, accepted);
        for (int row = 0; row < count; row++)
        {
            if (active[row])
            {
                Finish(row);
            }
        }
    }

    /// <summary>Writes the states at the times that a step passes.</summary>
    private void AskedTimes(int sample, int row, double from, double[] sizes, bool isAtEnd, RungeKuttaIteration iteration)
    {
        FlowTimes times = _context.Times;
        double to = _progress.Times[sample];
        int direction = _progress.Direction(sample);
        while (_nextTime[sample] < times.Count && (isAtEnd || (times[sample, _nextTime[sample]] - to) * direction <= 0))
        {
            double asked = times[sample, _nextTime[sample]];
            int place = (_nextTime[sample] * _batch) + sample;
            if (sizes.Length == 0)
            {
                iteration.Rows.Write(row, RungeKuttaIteration.State, 0, [], RungeKuttaIteration.Stages, _states, place);
            }
            else if (asked == to)
            {
                iteration.Rows.Write(row, RungeKuttaIteration.Next, 0, [], RungeKuttaIteration.Stages, _states, place);
            }
            else
            {
                double[] weights = _context.Tableau.InterpolationAt((asked - from) / sizes[row]);
                iteration.Rows.Write(row, RungeKuttaIteration.State, sizes[row], weights, RungeKuttaIteration.Stages, _states, place);
            }

            _nextTime[sample]++;
        }
    }

    /// <summary>Keeps the state of a row whose sample has ended.</summary>
    private void Finish(int row)
    {
        int sample = _samples[row];
        if (_progress.Statuses[sample] is not null)
        {
            _iteration.Rows.Write(row, RungeKuttaIteration.State, 0, [], RungeKuttaIteration.Stages, _final, sample);
            _finished++;
        }
    }

    private void Compact()
    {
        if (_finished == 0 || _finished == _samples.Length || _finished * CompactionDivisor < _samples.Length)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        int[] kept = [.. Enumerable.Range(0, _samples.Length).Where(row => _progress.Statuses[_samples[row]] is null)];
        _samples = [.. kept.Select(row => _samples[row])];
        _field.Restrict(_context.Field, tensor(_samples.Select(sample => (long)sample).ToArray(), device: _context.Start.device));
        _iteration.Keep(kept);
        _events?.Keep(kept);
        _finished = 0;
    }
}
