using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The one node of our own in an autograd graph: forward the value of a <see cref="BackwardPass"/>, backward what that makes of it.
/// </summary>
/// <remarks>
/// What the backward pass needs is kept by the graph itself (saved variables), so that it lives exactly as long as the
/// graph, and a tensor that was changed in place meanwhile is noticed. TorchSharp's arguments are untyped: this file alone touches them.
/// </remarks>
internal sealed class GraphNode : autograd.SingleTensorFunction<GraphNode>
{
    private const string Key = "node";

    // The arguments before the sources: what the node is, and what it keeps.
    private const int Untyped = 2;

    /// <inheritdoc/>
    public override string Name => "FixedPoint";

    /// <summary>The value of a pass with a node behind it that runs it backward.</summary>
    /// <param name="pass">What the node stands for.</param>
    /// <param name="sources">The tensors that gradients go back to; at least one.</param>
    /// <param name="kept">What the graph keeps for the backward pass.</param>
    /// <param name="isAlarmed">Whether a change of what is kept stops libtorch's own pass: see <see cref="ChangeAlarm"/>.</param>
    public static Tensor Attach(BackwardPass pass, Tensor[] sources, List<Tensor> kept, bool isAlarmed)
    {
        // Made last of all that the node takes, so that its turn comes first after the node's.
        using Tensor? alarm = isAlarmed ? ChangeAlarm.Over(kept, sources[0].device) : null;
        Node node = new(pass, sources.Length, isAlarmed);
        return alarm is null ? apply([node, kept, .. sources]) : apply([node, kept, .. sources, alarm]);
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Node node = (Node)vars[0];
        ctx.save_data(Key, node);
        ctx.save_for_backward((List<Tensor>)vars[1]);
        ctx.set_materialize_grads(false);
        Tensor[] sources = new Tensor[node.Sources];
        Array.Copy(vars, Untyped, sources, 0, sources.Length);
        return node.Pass.Forward(sources);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Node node = (Node)ctx.get_data(Key);
        int count = Untyped + node.Sources + (node.IsAlarmed ? 1 : 0);
        return GradientHandover.Run(
            grad_output,
            node.Pass.Report,
            count,
            () => node.Pass.IsClosed ? new Tensor?[count] : Arguments(node.Pass.Backward(grad_output, ctx.get_saved_variables)),
            () => Arguments(node.Pass.Failed(grad_output)));

        Tensor?[] Arguments(Tensor?[] sources)
        {
            Tensor?[] arguments = new Tensor?[count];
            sources.CopyTo(arguments, Untyped);
            if (node.IsAlarmed)
            {
                arguments[^1] = ChangeAlarm.Gradient(grad_output);
            }

            return arguments;
        }
    }

    private sealed record Node(BackwardPass Pass, int Sources, bool IsAlarmed);
}
