using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Flows;

/// <summary>
/// A flow in a space of more dimensions than its input has: zeros are appended to the state at the start (Dupont, Doucet and Teh,
/// "Augmented neural ODEs", NeurIPS 2019).
/// </summary>
/// <remarks>
/// A flow is one to one and continuous, and so are its ways: on a line nothing can overtake, in a plane nothing can leave a ring. With one
/// dimension more it can go round, in simpler fields and fewer steps.
/// </remarks>
/// <example>
/// <code>
/// using AugmentedFlow flow = new(new FlowLayer(Sequential(Linear(7, 32), Tanh(), Linear(32, 7))), zeros: 5);
/// Tensor end = flow.call(points);                    // [batch, 2] to [batch, 7]
/// </code>
/// </example>
public sealed class AugmentedFlow : nn.Module<Tensor, Tensor>
{
    /// <summary>Creates it.</summary>
    /// <param name="layer">The flow, for states of the longer size. Owned from now on.</param>
    /// <param name="zeros">Zeros appended to each input; at least 0.</param>
    public AugmentedFlow(FlowLayer layer, int zeros)
        : base(nameof(AugmentedFlow))
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(zeros);
        (Layer, Zeros) = (layer, zeros);
        register_module("layer", layer);
    }

    /// <summary>The flow.</summary>
    public FlowLayer Layer { get; }

    /// <summary>Zeros appended to each input.</summary>
    public int Zeros { get; }

    /// <summary>Follows the flow from inputs with zeros behind them.</summary>
    /// <param name="input">[batch, n], or images [batch, n, height, width] with n channels; floating point.</param>
    /// <returns>[batch, n + zeros], or [batch, n + zeros, height, width]. The caller owns it.</returns>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return Layer.call(Start(input)).MoveToOuterDisposeScope();
    }

    /// <summary>Where the flow starts: [batch, n + zeros], or [batch, n + zeros, height, width]. The caller owns it.</summary>
    /// <param name="input">[batch, n], or [batch, n, height, width]; floating point.</param>
    /// <exception cref="ArgumentException">It has another number of dimensions.</exception>
    public Tensor Start(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.ndim is 2 or 4
            ? nn.functional.pad(input, input.ndim == 2 ? [0, Zeros] : [0, 0, 0, 0, 0, Zeros])
            : throw new ArgumentException(
                $"Inputs are [batch, n] or [batch, n, height, width]. Given: [{string.Join(", ", input.shape)}].", nameof(input));
    }
}
