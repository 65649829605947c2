using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>The packed states of a flow forward; what goes back is the gradient's.</summary>
internal abstract class FlowPass : BackwardPass
{
    private TensorForm[] _sources = [];

    /// <summary>The packed states; set before the node is attached, and let go of with the forward pass.</summary>
    public Tensor? Value { get; set; }

    /// <summary>What gradients go back to.</summary>
    protected IReadOnlyList<TensorForm> Sources => _sources;

    /// <summary>What the graph keeps beside the sources; no longer the solution's.</summary>
    public abstract Tensor[] Kept(FlowSolution solution);

    /// <inheritdoc/>
    public sealed override Tensor Forward(IReadOnlyList<Tensor> sources)
    {
        _sources = [.. sources.Select(TensorForm.Of)];
        Tensor value = Value!;
        Value = null;
        return value;
    }

    /// <inheritdoc/>
    public sealed override Tensor?[] Failed(Tensor gradient) => [.. _sources.Select(source => source.NaN())];
}
