using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The identity in the autograd graph, with a gate, open at first: closed, it sends no gradient back. For a partial derivative in a
/// tensor that a variable held fixed depends on as well, where that dependence is to count later.
/// </summary>
internal sealed class Gate : BackwardPass
{
    private bool _isOpen = true;

    public override GradientReport? Report => null;

    /// <summary>A tensor in the graph, behind the gate.</summary>
    public Tensor Attach(Tensor value) => GraphNode.Attach(this, [value], [], isAlarmed: false);

    /// <summary>Lets nothing through until the result is disposed.</summary>
    public IDisposable Close()
    {
        _isOpen = false;
        return new Reopening(this);
    }

    public override Tensor Forward(IReadOnlyList<Tensor> sources) => sources[0].alias();

    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept) =>
        [_isOpen ? gradient.alias() : null];

    public override Tensor?[] Failed(Tensor gradient) => [full_like(gradient, double.NaN)];

    private sealed class Reopening(Gate gate) : IDisposable
    {
        public void Dispose() => gate._isOpen = true;
    }
}
