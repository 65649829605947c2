using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The identity in the autograd graph, which can be closed (<see cref="BackwardPass.Close"/>) before whatever made the tensor.
/// </summary>
internal sealed class Gate : BackwardPass
{
    public override GradientReport? Report => null;

    /// <summary>A tensor in the graph, behind the gate.</summary>
    public Tensor Attach(Tensor value) => GraphNode.Attach(this, [value], [], isAlarmed: false);

    public override Tensor Forward(IReadOnlyList<Tensor> sources) => sources[0].alias();

    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept) => [gradient.alias()];

    public override Tensor?[] Failed(Tensor gradient) => [full_like(gradient, double.NaN)];
}
