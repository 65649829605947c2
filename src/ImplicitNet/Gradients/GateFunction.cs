using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The identity in the autograd graph, with a gate: closed, it sends no gradient back. For a partial derivative in a tensor
/// that a variable held fixed depends on as well, where that dependence is to count later.
/// </summary>
internal sealed class GateFunction : autograd.SingleTensorFunction<GateFunction>
{
    private const string Key = "gate";

    /// <inheritdoc/>
    public override string Name => "Gate";

    public static Tensor Attach(Tensor value, Gate gate) => apply(value, gate);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(Key, vars[1]);
        ctx.set_materialize_grads(false);
        return ((Tensor)vars[0]).alias();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        Handover.Of(((Gate)ctx.get_data(Key)).IsOpen && !grad_output.IsInvalid ? grad_output : null, null);
}
