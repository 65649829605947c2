using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The node of the autograd graph that changes the gradient on its way back: forward the identity, backward what an
/// <see cref="AdjointPass"/> makes of it.
/// </summary>
/// <remarks>
/// What the backward pass needs is kept by the graph itself (saved variables), so that it lives exactly as long as the
/// graph, and a tensor that was changed in place meanwhile is noticed.
/// </remarks>
internal sealed class AdjointFunction : autograd.SingleTensorFunction<AdjointFunction>
{
    private const string Key = "pass";

    /// <inheritdoc/>
    public override string Name => "FixedPoint";

    /// <summary>R(u*, q), in the graph, with this node behind it.</summary>
    public static Tensor Attach(FixedPointMap map, FixedPointSolution solution, AdjointGradient gradient, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        LowRankInverse? inverse = gradient.NeedsInverse ? solution.Inverse : null;
        Tensor value = LatentContract.EvaluateCopy(map, solution.Latent);
        ValueWitness? witness = gradient.EvaluatesAgain && value.requires_grad ? new ValueWitness(value) : null;
        AdjointPass pass = new(map, gradient, inverse, report, AdjointSide.FixedPoint, witness);
        return Attach(value, pass, solution.Latent, map).MoveToOuterDisposeScope();
    }

    /// <summary>A value with a node behind it that runs a pass backward.</summary>
    /// <param name="value">In the graph, or else returned as it is.</param>
    /// <param name="pass">What the node does.</param>
    /// <param name="latent">u*.</param>
    /// <param name="map">The map with the tensors that the graph is to keep.</param>
    public static Tensor Attach(Tensor value, AdjointPass pass, Tensor latent, FixedPointMap map)
    {
        if (!is_grad_enabled() || !value.requires_grad)
        {
            return value;
        }

        List<Tensor> kept = pass.Pack(latent, map);
        Tensor[] sources = pass.Sources(map);
        Tensor[] alarm = pass.EvaluatesAgain ? [ChangeAlarm.Over(kept, latent.device)] : [];
        return apply([value, pass, kept, .. sources, .. alarm]);
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        AdjointPass pass = (AdjointPass)vars[1];
        ctx.save_data(Key, pass);
        ctx.save_for_backward((List<Tensor>)vars[2]);
        ctx.set_materialize_grads(false);
        return ((Tensor)vars[0]).alias();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        AdjointPass pass = (AdjointPass)ctx.get_data(Key);
        return Handover.Run(
            grad_output,
            pass.Report,
            (pass.EvaluatesAgain ? 4 : 3) + pass.SourceCount,
            () =>
            {
                AdjointResult result = pass.Run(grad_output, ctx.get_saved_variables);
                IEnumerable<Tensor?> sources = Enumerable.Range(0, pass.SourceCount).Select(result.Source);
                return [result.Value, null, null, .. sources, .. Alarm(pass, grad_output)];
            },
            () => [full_like(grad_output, double.NaN), null, null, .. new Tensor?[pass.SourceCount], .. Alarm(pass, grad_output)]);
    }

    private static Tensor?[] Alarm(AdjointPass pass, Tensor gradient) => pass.EvaluatesAgain ? [ChangeAlarm.Gradient(gradient)] : [];
}
