using ImplicitNet.Flows;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>The states of a flow forward; backward, its steps taken back.</summary>
/// <param name="record">What was computed.</param>
/// <param name="report">Told what was done.</param>
/// <param name="limit">Steps of every sample that are taken back.</param>
internal sealed class DiscretePass(FlowRecord record, GradientReport report, int limit) : FlowPass
{
    /// <inheritdoc/>
    public override GradientReport Report => report;

    /// <inheritdoc/>
    public override Tensor[] Kept(FlowSolution solution) => solution.Tape!.TakePages();

    /// <inheritdoc/>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        report.BeginPass();
        Tensor[] all = [.. kept()], sources = all[..Sources.Count];
        if (is_grad_enabled())
        {
            if (limit != int.MaxValue)
            {
                throw new InvalidOperationException("TruncatedAdjoint has no second derivatives: take DiscreteAdjoint.");
            }

            return FlowReplay.Gradients(record, sources, gradient);
        }

        using IDisposable noGraph = no_grad();
        using AdjointSweep sweep = new(record, sources, all[Sources.Count..], gradient, limit);
        Tensor?[] gradients = sweep.Run();
        report.Paid(sweep.Products);
        return gradients;
    }
}
