using ImplicitNet.Differentiation;
using ImplicitNet.Flows.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>
/// The field on the samples that are taken back, a graph of every stage, and what goes back through it to inputs and parameters.
/// </summary>
internal sealed class StageGraphs : IDisposable
{
    private readonly FlowRecord _record;
    private readonly Device _device;
    private readonly Tensor[] _inputs;
    private readonly Tensor[] _parameters;
    private readonly Tensor?[] _sums;
    private FieldMeter? _field;
    private Tensor[] _leaves = [];
    private Tensor[] _wanted = [];
    private Tensor?[] _rows = [];
    private Tensor? _samples;
    private (Tensor State, Tensor Time, Tensor Value)[] _stages = [];

    /// <summary>Begins.</summary>
    /// <param name="record">What was computed.</param>
    /// <param name="inputs">The inputs of the field, as the graph kept them.</param>
    /// <param name="device">Where the states are.</param>
    public StageGraphs(FlowRecord record, Tensor[] inputs, Device device)
    {
        _device = device;
        (_record, _inputs) = (record, inputs);
        _parameters = [.. (record.Field.Inputs.ParameterList ?? []).Where(parameter => parameter.requires_grad)];
        _sums = new Tensor?[inputs.Length + _parameters.Length];
    }

    /// <summary>Products with transposed Jacobians so far, each counted once for every sample in it.</summary>
    public long Products { get; private set; }

    private int PerSample => _record.Field.Inputs.PerSample.Count;

    /// <summary>Goes on with some samples.</summary>
    public void Restrict(int[] samples)
    {
        Flush();
        bool isAll = samples.Length == _record.Batch;
        _samples = isAll ? null : tensor(samples.Select(sample => (long)sample).ToArray(), device: _device).DetachFromDisposeScope();
        using DisposeScope scope = NewDisposeScope();
        _leaves = [.. _inputs.Select((input, i) =>
        {
            Tensor detached = input.detach();
            Tensor own = i < PerSample && _samples is not null ? Batches.LatentLayout.SelectRows(detached, _samples) : detached.alias();
            return (input.requires_grad ? own.requires_grad_() : own).DetachFromDisposeScope();
        })];
        _rows = new Tensor?[PerSample];
        _wanted = [.. _leaves.Where(leaf => leaf.requires_grad), .. _parameters];
        _field = new FieldMeter(_record.Field.With(_record.Field.Inputs.With(_leaves)), isOwner: true);
    }

    /// <summary>Evaluates a stage in a graph of its own.</summary>
    /// <param name="count">Stages of the step.</param>
    /// <param name="stage">Which.</param>
    /// <param name="times">Of every row.</param>
    /// <param name="state">Of every row; to stay as it is until the stage has been gone back through.</param>
    /// <returns>The derivative, without the graph. In the caller's scope.</returns>
    public Tensor Evaluate(int count, int stage, ReadOnlySpan<double> times, Tensor state)
    {
        if (_stages.Length != count)
        {
            _stages = new (Tensor, Tensor, Tensor)[count];
        }

        using IDisposable graph = enable_grad();
        Tensor leaf = state.detach().requires_grad_();
        Tensor time = StageTimes.Of(times, state);
        if (_record.NeedsTimes)
        {
            time.requires_grad_();
        }

        Tensor value = _field!.Evaluate(time, _record.WritesState ? leaf.clone() : leaf, stage);
        _stages[stage] = (leaf, time, value);
        return value.detach();
    }

    /// <summary>An evaluation without a graph.</summary>
    public Tensor Plain(int stage, double[] times, Tensor state) => _field!.Evaluate(StageTimes.Of(times, state), state, stage);

    /// <summary>Sends a vector back through a stage.</summary>
    /// <param name="stage">Which.</param>
    /// <param name="vector">Like the state.</param>
    /// <param name="isProbe">Whether inputs and parameters are left alone.</param>
    /// <returns>What goes to the state and to the time; null for nothing. In the caller's scope.</returns>
    public (Tensor? State, Tensor? Time) Back(int stage, Tensor vector, bool isProbe)
    {
        (Tensor state, Tensor time, Tensor value) = _stages[stage];
        return SendBack(value, [state, time], vector, isProbe) is [var toState, var toTime] ? (toState, toTime) : (null, null);
    }

    /// <summary>Sends numbers back through the event, in the rows that came to it: elsewhere its number may have no derivative.</summary>
    /// <param name="times">Of every row.</param>
    /// <param name="states">Of every row.</param>
    /// <param name="isEvent">Which rows came to it.</param>
    /// <param name="factors">One number a row; null: 1, to the state and time alone.</param>
    /// <returns>To the states and to the times of all rows, 0 where there was no event. In the caller's scope.</returns>
    public (Tensor? State, Tensor? Time) Event(double[] times, Tensor states, bool[] isEvent, double[]? factors)
    {
        using IDisposable graph = enable_grad();
        int[] rows = [.. Enumerable.Range(0, isEvent.Length).Where(row => isEvent[row])];
        Tensor places = tensor(rows.Select(row => (long)row).ToArray(), device: _device);
        Tensor state = states.index_select(0, places).requires_grad_();
        Tensor time = StageTimes.Of([.. rows.Select(row => times[row])], state).requires_grad_();

        // All rows go as they are: those of inputs of a coupled field, which is one row, are others.
        int chosen = rows.Length < isEvent.Length ? PerSample : 0;
        Tensor value = _record.Event!.Value(
            time, _record.WritesState ? state.clone() : state,
            _record.Field.Inputs.With([.. _leaves.Select((leaf, i) => i < chosen ? leaf.index_select(0, places) : leaf)]));
        Tensor vector = factors is null ? ones_like(value) : StageTimes.Of([.. rows.Select(row => factors[row])], value);
        Tensor?[] found = SendBack(value, [state, time], vector, isProbe: factors is null);
        return (All(found[0]), All(found[1]));

        Tensor? All(Tensor? part) =>
            part is null ? null : zeros([isEvent.Length, .. part.shape[1..]], part.dtype, part.device).index_copy(0, places, part);
    }

    /// <summary>What came to inputs and parameters in all.</summary>
    /// <returns>One for each input, then one for each parameter of the field; null where nothing came. In the caller's scope.</returns>
    public Tensor?[] Sums()
    {
        Flush();
        Tensor?[] all = [.. _sums.Take(_inputs.Length).Select(sum => sum?.alias())];
        Queue<Tensor?> found = new(_sums.Skip(_inputs.Length).Select(sum => sum?.alias()));
        IReadOnlyList<Tensor> parameters = _record.Field.Inputs.ParameterList ?? [];
        return [.. all, .. parameters.Select(parameter => parameter.requires_grad ? found.Dequeue() : null)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor? tensor in _leaves.Concat(_rows).Concat(_sums).Append(_samples))
        {
            tensor?.Dispose();
        }

        _field?.Dispose();
    }

    private Tensor?[] SendBack(Tensor value, Tensor[] first, Tensor vector, bool isProbe)
    {
        if (!value.requires_grad)
        {
            return new Tensor?[first.Length];
        }

        Tensor[] asked = [.. first.Where(tensor => tensor.requires_grad)];
        IReadOnlyList<Tensor?> found = AutogradDoor.Gradients(value, isProbe ? asked : [.. asked, .. _wanted], vector, createGraph: false);
        Products += value.size(0);
        if (!isProbe)
        {
            int at = asked.Length;
            for (int i = 0; i < _leaves.Length; i++)
            {
                if (_leaves[i].requires_grad)
                {
                    Add(ref i < PerSample ? ref _rows[i] : ref _sums[i], found[at++]);
                }
            }

            for (int i = 0; i < _parameters.Length; i++)
            {
                Add(ref _sums[_inputs.Length + i], found[at++]);
            }
        }

        int place = 0;
        return [.. first.Select(tensor => tensor.requires_grad ? found[place++] : null)];
    }

    private static void Add(ref Tensor? sum, Tensor? part)
    {
        if (part is null)
        {
            return;
        }

        if (sum is null)
        {
            sum = part.clone().DetachFromDisposeScope();
        }
        else
        {
            sum.add_(part);
        }
    }

    /// <summary>Adds what came to the rows of samples to what came to all.</summary>
    private void Flush()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int i = 0; i < _rows.Length; i++)
        {
            if (_rows[i] is { } rows)
            {
                Tensor sum = _sums[i] ??= zeros_like(_inputs[i]).DetachFromDisposeScope();
                _ = _samples is null ? sum.add_(rows) : sum.index_add_(0, _samples, rows, 1);
            }
        }

        foreach (Tensor? tensor in _leaves.Concat(_rows).Append(_samples))
        {
            tensor?.Dispose();
        }

        _field?.Dispose();
        (_field, _leaves, _rows, _samples) = (null, [], [], null);
    }
}
