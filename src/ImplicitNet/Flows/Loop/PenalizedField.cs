using ImplicitNet.Batches;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>
/// A field with penalties beside its state: <c>(u, p)' = (f(t, u), what is integrated)</c>, as rows [batch, n + penalties], whose first n
/// numbers are those of the state as they lie in memory.
/// </summary>
internal sealed class PenalizedField : VectorField
{
    private readonly VectorField _field;
    private readonly bool _ownsField;
    private readonly IReadOnlyList<FlowPenalty> _penalties;
    private readonly LatentLayout _layout;

    /// <summary>Puts them beside a field.</summary>
    /// <param name="field">Sample by sample; the caller keeps it.</param>
    /// <param name="penalties">At least one.</param>
    /// <param name="start">A state: [batch, ...].</param>
    /// <param name="vectors">Random ones, in the shape of the state; owned from now on.</param>
    public PenalizedField(VectorField field, IReadOnlyList<FlowPenalty> penalties, Tensor start, Tensor[] vectors)
        : this(
            field, ownsField: false, penalties, LatentLayout.Of(start),
            (int)start.shape[1..].Aggregate(1L, (product, side) => product * side), Inside(field.Inputs, vectors))
    {
    }

    private PenalizedField(
        VectorField field, bool ownsField, IReadOnlyList<FlowPenalty> penalties, LatentLayout layout, int size, MapInputs inputs)
        : base(inputs) => (_field, _ownsField, _penalties, _layout, Size) = (field, ownsField, penalties, layout, size);

    /// <summary>Numbers of a state.</summary>
    public int Size { get; }

    public override bool IsPerSample => true;

    private int Vectors => _penalties.Sum(penalty => penalty.Vectors);

    public override Tensor Evaluate(Tensor time, Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        bool isDifferentiated = is_grad_enabled(), needsGraph = Vectors > 0;
        using IDisposable? graph = needsGraph && !isDifferentiated ? enable_grad() : null;
        Tensor own = _layout.Restore(state.narrow(1, 0, Size).clone());
        if (needsGraph && !own.requires_grad)
        {
            own = own.detach().requires_grad_();
        }

        Tensor derivative = FieldMeter.Checked(_field, time, needsGraph ? own.clone() : own);
        ReadOnlySpan<Tensor> vectors = Inputs.PerSample.TakeLast(Vectors).ToArray();
        List<Tensor> rows = [_layout.Flatten(derivative)];
        foreach (FlowPenalty penalty in _penalties)
        {
            rows.Add(penalty.Integrand(own, derivative, vectors[..penalty.Vectors], isDifferentiated).unsqueeze(1));
            vectors = vectors[penalty.Vectors..];
        }

        Tensor all = cat(rows, 1);
        return (isDifferentiated ? all : all.detach()).MoveToOuterDisposeScope();
    }

    public override VectorField With(MapInputs inputs) =>
        new PenalizedField(_field.With(Outside(inputs)), ownsField: true, _penalties, _layout, Size, inputs);

    /// <summary>A start with penalties of 0: [batch, n + penalties], in the graph. In the caller's scope.</summary>
    public Tensor Pack(Tensor start) =>
        cat([_layout.Flatten(start), zeros([start.shape[0], _penalties.Count], start.dtype, start.device)], 1);

    /// <summary>The states in rows: [.., n + penalties] to [.., ...], in memory as without penalties.</summary>
    public Tensor States(Tensor rows)
    {
        long count = rows.shape[..^1].Aggregate(1L, (product, side) => product * side);
        Tensor states = _layout.Restore(rows.narrow(rows.ndim - 1, 0, Size).reshape(count, Size).contiguous());
        return states.reshape([.. rows.shape[..^1], .. states.shape[1..]]);
    }

    /// <summary>The penalties in rows: [batch, n + penalties] to [batch, penalties], a view.</summary>
    public Tensor Integrals(Tensor rows) => rows.narrow(1, Size, _penalties.Count);

    /// <summary>The same event of the states in rows.</summary>
    public FlowEvent? Beside(FlowEvent? terminal) => terminal is null ? null
        : new FlowEvent((time, rows, inputs) => terminal.Value(time, States(rows), Outside(inputs))) { Crossing = terminal.Crossing };

    public override void Dispose()
    {
        base.Dispose();
        if (_ownsField)
        {
            _field.Dispose();
        }
    }

    private static MapInputs Inside(MapInputs own, Tensor[] vectors) => new()
    {
        PerSample = [.. own.PerSample, .. vectors],
        Shared = own.Shared,
        Parameters = own.ParameterList,
        Owned = vectors,
    };

    /// <summary>The inputs of the field itself, which stay the owner's.</summary>
    private MapInputs Outside(MapInputs inputs) =>
        _field.Inputs.With([.. inputs.PerSample.SkipLast(Vectors), .. inputs.Shared]);
}
