using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What a <see cref="GraphNode"/> stands for: its value, and what it sends back to what the value is made of.</summary>
internal abstract class BackwardPass
{
    /// <summary>Told of a failure; null where nobody is.</summary>
    public abstract GradientReport? Report { get; }

    /// <summary>The value. No graph is built of it: the node stands for that.</summary>
    /// <param name="sources">The tensors that gradients go back to.</param>
    public abstract Tensor Forward(IReadOnlyList<Tensor> sources);

    /// <summary>Sends a gradient back; in the graph where gradients are enabled. May throw.</summary>
    /// <param name="gradient">What came to the node, in the shape of its value.</param>
    /// <param name="kept">Gives what the graph kept, and throws where a tensor of it was changed.</param>
    /// <returns>One for each source; null for none.</returns>
    public abstract Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept);

    /// <summary>What goes back when the other threw: NaN.</summary>
    /// <param name="gradient">What came to the node.</param>
    /// <returns>One for each source; null for none.</returns>
    public abstract Tensor?[] Failed(Tensor gradient);
}
