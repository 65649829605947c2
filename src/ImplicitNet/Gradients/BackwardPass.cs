using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What a <see cref="GraphNode"/> stands for: its value, and what it sends back to what the value is made of.</summary>
internal abstract class BackwardPass
{
    /// <summary>Whether the node sends nothing back: see <see cref="Close"/>.</summary>
    public bool IsClosed { get; private set; }

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

    /// <summary>
    /// Lets nothing through until the result is disposed. For a partial derivative in a tensor that a variable held fixed, the value of
    /// this node, depends on as well, where that dependence is to count later.
    /// </summary>
    public IDisposable Close()
    {
        IsClosed = true;
        return new Reopening(this);
    }

    private sealed class Reopening(BackwardPass pass) : IDisposable
    {
        public void Dispose() => pass.IsClosed = false;
    }
}
