using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// Ends the flow of a sample where a number changes its sign, such as a ball's height: each sample at its own time, to which gradients go
/// back.
/// </summary>
/// <remarks>
/// A change of sign is looked for at the ends of every accepted step and at three places within it, by the interpolant: an event that comes
/// and goes between two of these is not seen, and shorter steps see it (<see cref="PidController.LargestStep"/>). The step is then taken
/// again, so long that the number is 0 at its end: the state returned is the end of a step, within the tolerance, like every other. A
/// number that is 0 at the start is no event.
/// </remarks>
public sealed record FlowEvent
{
    /// <summary>Creates an event.</summary>
    /// <param name="value">
    /// Takes t: [batch], u: [batch, ...] and the field's inputs, returns one number a sample: [batch]. Each sample's depends on that sample
    /// alone; of a coupled field, which is one system, it is one: [1] or []. Parameters that it computes with must be among those of the
    /// field's inputs.
    /// </param>
    public FlowEvent(Func<Tensor, Tensor, MapInputs, Tensor> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Value = value;
    }

    /// <summary>Creates an event of the state alone.</summary>
    /// <param name="value">Takes u: [batch, ...], returns one number a sample: [batch].</param>
    public FlowEvent(Func<Tensor, Tensor> value)
        : this((_, state, _) => value(state)) => ArgumentNullException.ThrowIfNull(value);

    /// <summary>Which changes of sign count, in the direction that the flow goes; default: both.</summary>
    public Crossing Crossing { get; init; }

    internal Func<Tensor, Tensor, MapInputs, Tensor> Value { get; }

    /// <summary>The same for a batch that is one sample: [1, batch, ...].</summary>
    internal FlowEvent OfWhole() => new((time, state, inputs) =>
    {
        Tensor value = Value(time.expand(state.shape[1]), state.squeeze(0), inputs);
        return value is { IsInvalid: false, ndim: 0 } ? value.unsqueeze(0) : value;
    })
    { Crossing = Crossing };
}
