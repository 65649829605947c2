using ImplicitNet.Flows;
using ImplicitNet.Flows.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>
/// Takes the steps of every sample back, from its last to its first. Samples are aligned at their ends, so that the batch only shrinks.
/// </summary>
internal sealed class AdjointSweep : IDisposable
{
    private readonly FlowRecord _record;
    private readonly StepTape _tape;
    private readonly StageGraphs _graphs;
    private readonly ReversedStep _step;
    private readonly ArenaRows _statesGradient, _endsGradient, _startsGradient;
    private readonly double[] _toTimes;
    private readonly AskedTimes[] _asked;
    private readonly TimeGradients? _times;
    private readonly Tensor _start;
    private readonly Tensor[] _inputs;
    private readonly int _limit;
    private int[] _samples;
    private int[] _steps;
    private int _taken;

    /// <summary>Begins.</summary>
    /// <param name="record">What was computed.</param>
    /// <param name="sources">The start, perhaps the times, the inputs and the parameters.</param>
    /// <param name="pages">The states that were kept.</param>
    /// <param name="gradient">What came to the packed states.</param>
    /// <param name="limit">Steps of every sample that are taken back.</param>
    public AdjointSweep(FlowRecord record, Tensor[] sources, Tensor[] pages, Tensor gradient, int limit)
    {
        (_record, _limit, _tape) = (record, limit, record.Tape!.With(pages));
        int firstInput = record.Times.Source is null ? 1 : 2;
        _start = sources[0];
        _inputs = [.. sources.Skip(firstInput).Take(record.Field.Inputs.Tensors.Count)];
        _graphs = new StageGraphs(record, _inputs, _start.device);
        _step = new ReversedStep(record, _graphs, sources[0]);
        long all = (long)record.Times.Count * record.Batch * record.Size, one = (long)record.Batch * record.Size;
        Tensor flat = gradient.contiguous(), states = flat.narrow(0, 0, all).reshape(record.Times.Count, record.Batch, record.Size);
        Tensor ends = flat.narrow(0, all, one).reshape(record.Batch, record.Size), times = flat.narrow(0, all + one, record.Batch);
        _statesGradient = ArenaRows.Of(states.reshape(record.Times.Count * (long)record.Batch, record.Size), record.Layout);
        _endsGradient = ArenaRows.Of(ends, record.Layout);
        _startsGradient = ArenaRows.Of(zeros_like(ends), record.Layout);
        _toTimes = [.. times.to(ScalarType.Float64).cpu().data<double>()];
        _asked = [.. Enumerable.Range(0, record.Batch).Select(sample => new AskedTimes(record, sample))];

        // The tensor that the times were made of is the caller's, who may have freed it by now: asked is the one that was kept.
        _times = firstInput == 2 && sources[1].requires_grad
            ? new TimeGradients(record, _step, _statesGradient, _asked, sources[1].device)
            : null;

        // What is 0 for a sample stays 0, whatever its field is.
        bool[] isMoved = [.. (states.ne(0).any(2).any(0) | ends.ne(0).any(1) | times.ne(0)).cpu().data<bool>()];
        _samples = [.. Enumerable.Range(0, record.Batch).Where(sample => isMoved[sample] && _tape.Steps(sample) > 0)];
        _steps = [.. _samples.Select(sample => _tape.Steps(sample) - 1)];
    }

    /// <summary>Products with transposed Jacobians.</summary>
    public long Products => _graphs.Products;

    /// <summary>Takes the steps back.</summary>
    /// <returns>One gradient for each source; null for none. In the caller's scope.</returns>
    public Tensor?[] Run()
    {
        Begin();
        while (_samples.Length > 0)
        {
            Segment();
        }

        AtStarts();
        for (int sample = 0; sample < _record.Batch; sample++)
        {
            if (_record.Report.Samples[sample].Status == FlowStatus.Completed)
            {
                _times?.AddEnd(sample, _toTimes[sample]);
            }
        }

        if (_times is not null && Array.Exists(_asked, asked => asked.Of(0).End.Value > 1))
        {
            TimesAtStart(_times);
        }

        Tensor start = _startsGradient.Restored();
        return _record.Times.Source is null ? [start, .. _graphs.Sums()] : [start, _times?.Result(), .. _graphs.Sums()];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _graphs.Dispose();
        _step.Dispose();
    }

    private void Begin()
    {
        if (_samples.Length == 0)
        {
            return;
        }

        if (_samples.Length != _step.Rows.Count)
        {
            _step.Rows.Keep([.. Enumerable.Range(0, _samples.Length)], []);
        }

        for (int row = 0; row < _samples.Length; row++)
        {
            _step.Rows.ReadRow(_endsGradient, _samples[row], _step.Lambda, row);
        }

        _graphs.Restrict(_samples);
    }

    /// <summary>Takes back the steps of every sample since its last kept state.</summary>
    private void Segment()
    {
        int stride = _tape.Stride, count = _samples.Length;
        int[] firsts = [.. _steps.Select(step => step / stride * stride)];
        int longest = Enumerable.Range(0, count).Max(row => _steps[row] - firsts[row] + 1);
        using ArenaRows? kept = stride == 1 ? null : new ArenaRows(_step.Rows.View(ReversedStep.State), (long)longest * count);
        if (kept is not null)
        {
            Retake(kept, firsts, longest);
        }

        for (int back = 0; back < longest && back < _limit; back++)
        {
            using DisposeScope scope = NewDisposeScope();
            double[] times = new double[count], sizes = new double[count];
            bool[] isIdle = new bool[count];
            for (int row = 0; row < count; row++)
            {
                int step = _steps[row];
                isIdle[row] = step < firsts[row] || IsCut(row);
                times[row] = _asked[_samples[row]].Ends[isIdle[row] ? step + 1 : step];
                sizes[row] = isIdle[row] ? 0 : _tape.Size(_samples[row], step);
                if (isIdle[row])
                {
                    continue;
                }

                if (kept is null)
                {
                    _tape.Read(_step.Rows, ReversedStep.State, row, _samples[row], step);
                }
                else
                {
                    _step.Rows.ReadRow(kept, ((step - firsts[row]) * count) + row, ReversedStep.State, row);
                }
            }

            StepBack(times, sizes);
            for (int row = 0; row < count; row++)
            {
                _steps[row] -= isIdle[row] ? 0 : 1;
            }
        }

        Leave();
    }

    /// <summary>Takes steps again from the states that were kept, and keeps all states in between.</summary>
    private void Retake(ArenaRows kept, int[] firsts, int longest)
    {
        int count = _samples.Length;
        for (int row = 0; row < count; row++)
        {
            _tape.Read(_step.Rows, ReversedStep.State, row, _samples[row], firsts[row]);
        }

        double[] times = new double[count], sizes = new double[count];
        for (int step = 0; step < longest; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            for (int row = 0; row < count; row++)
            {
                int at = firsts[row] + step;
                if (at <= _steps[row])
                {
                    _step.Rows.Write(row, ReversedStep.State, 0, [], ReversedStep.Stages, kept, (step * count) + row);
                }

                times[row] = _asked[_samples[row]].Ends[Math.Min(at, _steps[row])];
                sizes[row] = at < _steps[row] ? _tape.Size(_samples[row], at) : 0;
            }

            if (step < longest - 1)
            {
                _step.Take(times, sizes);
            }
        }
    }

    private void StepBack(double[] times, double[] sizes)
    {
        List<(int Row, int Place)> between = Between(times, sizes);
        bool hasBetween = between.Count > 0;
        int stages = _step.Count(hasBetween);
        bool[] isBetween = new bool[sizes.Length];
        between.ForEach(each => isBetween[each.Row] = true);
        _step.Evaluate(times, sizes, stages, isBetween);
        bool[] isEvent = [.. _samples.Select((sample, row) => _taken == 0 && sizes[row] != 0
            && _record.Report.Samples[sample].Status == FlowStatus.EventReached)];
        double[] toTimes = [.. _samples.Select(sample => _toTimes[sample])];
        double[] byEvent = isEvent.Contains(true)
            ? new EventGradient(_step, _graphs).Apply(times, sizes, isEvent, toTimes, _step.Count(hasBetween: false))
            : [];

        (double[] bySize, double[] byTime) = _step.Pull(sizes, stages, hasBetween, isProbe: false);
        _step.Fold(stages);
        foreach ((int row, int place) in between)
        {
            // The interpolant begins with the state that the step does.
            _step.Rows.AddRow(_statesGradient, place, 1, _step.Lambda, row);
        }

        for (int row = 0; row < sizes.Length && _times is not null; row++)
        {
            if (sizes[row] != 0)
            {
                double? toEvent = isEvent[row] ? toTimes[row] + byEvent[row] : null;
                _times.Add(row, _samples[row], _steps[row], sizes[row], bySize[row], byTime[row], toEvent);
            }
        }

        _taken++;
    }

    /// <summary>
    /// What comes to the states at times that a step passes: to lambda if they are its end, or, weighted as the interpolant weights stages,
    /// to each stage.
    /// </summary>
    /// <param name="times">Where steps begin.</param>
    /// <param name="sizes">How long they are; 0: not taken back.</param>
    /// <returns>The rows and places of what lies between.</returns>
    private List<(int Row, int Place)> Between(double[] times, double[] sizes)
    {
        List<(int Row, int Place)> between = [];
        RowArena rows = _step.Rows;
        for (int row = 0; row < sizes.Length; row++)
        {
            (int sample, int step) = (_samples[row], _steps[row]);
            Range range = sizes[row] == 0 ? 0..0 : _asked[sample].Of(step + 1);
            for (int index = range.Start.Value; index < range.End.Value; index++)
            {
                int place = (index * _record.Batch) + sample;
                if (_times?.IsAtEnd(sample, step, index) ?? _record.Times[sample, index] == _asked[sample].Ends[step + 1])
                {
                    rows.AddRow(_statesGradient, place, 1, _step.Lambda, row);
                    continue;
                }

                for (int stage = 0; stage < _record.Tableau.Stages && between.Count == 0; stage++)
                {
                    rows.Combine(_step.Between + stage, -1, [], [], _step.Between);
                }

                between.Add((row, place));
                double[] weights = _record.Tableau.InterpolationAt((_record.Times[sample, index] - times[row]) / sizes[row]);
                for (int stage = 0; stage < weights.Length; stage++)
                {
                    rows.AddRow(_statesGradient, place, weights[stage], _step.Between + stage, row);
                }
            }
        }

        return between;
    }

    /// <summary>Whether as many steps of the row's sample were taken back as are to be.</summary>
    private bool IsCut(int row) => _tape.Steps(_samples[row]) - 1 - _steps[row] >= _limit;

    /// <summary>Rows that are done leave, and what has come to their starts stays.</summary>
    private void Leave()
    {
        int[] kept = [.. Enumerable.Range(0, _samples.Length).Where(row => _steps[row] >= 0 && !IsCut(row))];
        for (int row = 0; row < _samples.Length; row++)
        {
            // Of a gradient that is cut off nothing goes back to the start, however few steps lead there.
            if (_steps[row] < 0 && _limit == int.MaxValue)
            {
                _step.Rows.Write(row, _step.Lambda, 0, [], ReversedStep.Stages, _startsGradient, _samples[row]);
            }
        }

        if (kept.Length == _samples.Length)
        {
            return;
        }

        _samples = [.. kept.Select(row => _samples[row])];
        _steps = [.. kept.Select(row => _steps[row])];
        if (kept.Length > 0)
        {
            _step.Rows.Keep(kept, [_step.Lambda]);
            _graphs.Restrict(_samples);
        }
    }

    /// <summary>Gradients of later times that are that of the start, to which no step leads.</summary>
    private void TimesAtStart(TimeGradients times)
    {
        using DisposeScope scope = NewDisposeScope();
        using VectorField field = _record.Field.With(_record.Field.Inputs.With([.. _inputs.Select(input => input.detach())]));
        double[] at = [.. Enumerable.Range(0, _record.Batch).Select(sample => _record.Times[sample, 0])];
        Tensor slopes = FieldMeter.Checked(field, StageTimes.Of(at, _start), _start.detach().clone());
        double[] slope = Numbers(_record.Layout.Flatten(slopes));
        double[] states = Numbers(_statesGradient.Values), ends = Numbers(_endsGradient.Values);
        for (int sample = 0; sample < _record.Batch; sample++)
        {
            for (int time = 1; time < _asked[sample].Of(0).End.Value; time++)
            {
                bool isEnd = _tape.Steps(sample) == 0 && time == _record.Times.Count - 1;
                double moved = Dot((time * _record.Batch) + sample, sample, states) + (isEnd ? Dot(sample, sample, ends) : 0);
                times.AddAtStart(sample, time, moved);
            }
        }

        // What is 0 stays 0, whatever the field is.
        double Dot(int place, int sample, double[] gradient) => Enumerable.Range(0, _record.Size).Sum(i =>
            gradient[(place * _record.Size) + i] is var one && one == 0 ? 0 : one * slope[(sample * _record.Size) + i]);

        static double[] Numbers(Tensor rows) => [.. rows.to(ScalarType.Float64).cpu().contiguous().data<double>()];
    }

    /// <summary>What comes to states that are asked for where flows start, and to the ends of flows without steps.</summary>
    private void AtStarts()
    {
        using DisposeScope scope = NewDisposeScope();
        int[] all = [.. Enumerable.Range(0, _record.Batch)];
        Tensor states = _statesGradient.Values.reshape(_record.Times.Count, _record.Batch, _record.Size);
        AddTo([.. all.Where(sample => _tape.Steps(sample) == 0)], _endsGradient.Values);
        for (int time = 0; time < _record.Times.Count; time++)
        {
            AddTo([.. all.Where(sample => time < _asked[sample].Of(0).End.Value)], states[time]);
        }

        void AddTo(int[] samples, Tensor gradient)
        {
            if (samples.Length == all.Length)
            {
                _startsGradient.Values.add_(gradient);
            }
            else if (samples.Length > 0)
            {
                Tensor rows = tensor(samples.Select(sample => (long)sample).ToArray(), device: gradient.device);
                _startsGradient.Values.index_add_(0, rows, gradient.index_select(0, rows), 1);
            }
        }
    }
}
