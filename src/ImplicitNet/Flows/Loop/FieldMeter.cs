using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>A caller's field as the loop sees it: counted, and what it returns checked.</summary>
internal sealed class FieldMeter(VectorField field, bool isOwner = false) : IDisposable
{
    private long _count;
    private long[] _shape = [];
    private ScalarType _dtype;
    private DeviceType _device;

    /// <summary>Evaluations, each counted once for every sample in it.</summary>
    public long Evaluations { get; private set; }

    /// <summary>Whether an evaluation wrote into the state that it was given.</summary>
    public bool WritesState { get; private set; }

    /// <summary>The field as it is now.</summary>
    public VectorField Field { get; private set; } = field;

    /// <summary>The derivative at a time and a state, into which the field may write.</summary>
    /// <exception cref="ArgumentException">The field cannot take the state, returned no derivative like it, or wrote into an
    /// input.</exception>
    public Tensor Evaluate(Tensor time, Tensor state, int stage)
    {
        if (_count == 0)
        {
            return First(time, state, stage);
        }

        Evaluations += _count;
        Tensor derivative = Evaluated(Field, time, state, stage);
        return IsAsBefore(derivative) ? derivative : Matching(derivative, state);
    }

    /// <summary>One evaluation that no meter counts.</summary>
    /// <param name="field">The field.</param>
    /// <param name="time">When.</param>
    /// <param name="state">Where.</param>
    /// <param name="stage">Of which stage of a step; null: of none, the whole field.</param>
    public static Tensor Checked(VectorField field, Tensor time, Tensor state, int? stage = null) =>
        Matching(Evaluated(field, time, state, stage), state);

    /// <summary>Goes on with some samples.</summary>
    /// <param name="whole">The field of the whole batch.</param>
    /// <param name="samples">Positions in that.</param>
    public void Restrict(VectorField whole, Tensor samples)
    {
        VectorField restricted = whole.Restrict(samples);
        Dispose();
        (Field, isOwner, _count) = (restricted, true, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isOwner)
        {
            Field.Dispose();
        }
    }

    private static Tensor Evaluated(VectorField field, Tensor time, Tensor state, int? stage) => TorchMessage.Guarded(
        (Field: field, Time: time, State: state, Stage: stage),
        static given =>
        {
            using WithinMap inside = WithinMap.Enter();
            return given is { Field: SplitField split, Stage: { } part }
                ? split.Evaluate(part, given.State)
                : given.Field.Evaluate(given.Time, given.State);
        },
        static (given, said) => new ArgumentException($"The field cannot take u, {TensorCheck.Describe(given.State)}: {said}"));

    /// <summary>The first evaluation of a batch, looked at closely.</summary>
    private Tensor First(Tensor time, Tensor state, int stage)
    {
        using InputGuard? guard = Evaluations == 0 ? new InputGuard(Field.Inputs.Tensors) : null;
        using Tensor before = state.clone();
        Tensor derivative = Checked(Field, time, state, stage);
        guard?.ThrowIfChanged();
        using DisposeScope scope = NewDisposeScope();
        WritesState |= !(state.eq(before) | before.ne(before)).all().ToBoolean();
        (_count, _shape, _dtype, _device) = (state.shape[0], state.shape, state.dtype, state.device_type);
        Evaluations += _count;
        return derivative;
    }

    /// <summary>What <see cref="Matching"/> asks, without making arrays or words.</summary>
    private bool IsAsBefore(Tensor? derivative)
    {
        if (derivative is not { IsInvalid: false } || derivative.dtype != _dtype || derivative.device_type != _device
            || derivative.is_sparse || derivative.ndim != _shape.Length)
        {
            return false;
        }

        for (int side = 0; side < _shape.Length; side++)
        {
            if (derivative.size(side) != _shape[side])
            {
                return false;
            }
        }

        return true;
    }

    private static Tensor Matching(Tensor? derivative, Tensor state)
    {
        if (TensorCheck.HasFault(derivative, out string? fault))
        {
            throw new ArgumentException($"What the field returned for u, {TensorCheck.Describe(state)}, {fault}.");
        }

        return derivative.shape.AsSpan().SequenceEqual(state.shape) && derivative.dtype == state.dtype
            && TensorCheck.IsOnDeviceOf(derivative, state)
            ? derivative
            : throw new ArgumentException(
                $"The field must return a derivative like u, {TensorCheck.Describe(state)} on {state.device}. "
                + $"It returned {TensorCheck.Describe(derivative)} on {derivative.device}.");
    }
}
