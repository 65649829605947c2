using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>A node of the autograd graph that stands for several steps and evaluates them again in the backward pass.</summary>
internal sealed class SegmentFunction : autograd.SingleTensorFunction<SegmentFunction>
{
    private const string Key = "segment";

    /// <inheritdoc/>
    public override string Name => "FixedPointSegment";

    /// <summary>The latent after some steps, in the graph.</summary>
    public static Tensor Attach(FixedPointMap map, Tensor latent, int steps, GradientReport report) =>
        Attach(new UnrolledSegment(map, steps, report), [latent, .. map.Inputs.Tensors, .. map.Inputs.Parameters!]);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        UnrolledSegment segment = (UnrolledSegment)vars[0];
        Tensor[] tensors = [.. vars.Skip(2).Cast<Tensor>()];
        ctx.save_data(Key, segment);
        ctx.save_for_backward([.. tensors]);
        ctx.set_materialize_grads(false);
        return segment.Begin(tensors);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        UnrolledSegment segment = (UnrolledSegment)ctx.get_data(Key);
        return Handover.Run(
            grad_output,
            segment.Report,
            2 + segment.Sources.Count,
            () => [null, ChangeAlarm.Gradient(grad_output), .. segment.Run(grad_output, ctx.get_saved_variables())],
            () => [null, ChangeAlarm.Gradient(grad_output), .. segment.Sources.Select(source => source.NaN())]);
    }

    private static Tensor Attach(UnrolledSegment segment, Tensor[] sources)
    {
        using Tensor alarm = ChangeAlarm.Over(sources, sources[0].device);
        return apply([segment, alarm, .. sources]);
    }
}
