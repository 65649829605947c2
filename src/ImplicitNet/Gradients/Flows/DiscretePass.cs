using static TorchSharp.torch;

namespace ImplicitNet.Gradients.Flows;

/// <summary>The states of a flow forward; backward, its steps taken back.</summary>
/// <param name="record">What was computed.</param>
/// <param name="report">Told what was done.</param>
/// <param name="limit">Steps of every sample that are taken back.</param>
internal sealed class DiscretePass(FlowRecord record, GradientReport report, int limit) : BackwardPass
{
    private TensorForm[] _sources = [];

    /// <inheritdoc/>
    public override GradientReport Report => report;

    /// <summary>The packed states; set before the node is attached, and released with the forward pass.</summary>
    public Tensor? Value { get; set; }

    /// <inheritdoc/>
    public override Tensor Forward(IReadOnlyList<Tensor> sources)
    {
        _sources = [.. sources.Select(TensorForm.Of)];
        Tensor value = Value!;
        Value = null;
        return value;
    }

    /// <inheritdoc/>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        report.BeginPass();
        IReadOnlyList<Tensor> all = kept();
        Tensor[] sources = [.. all.Take(_sources.Length)];
        if (is_grad_enabled())
        {
            return FlowReplay.Gradients(record, sources, gradient);
        }

        using IDisposable noGraph = no_grad();
        using AdjointSweep sweep = new(record, sources, [.. all.Skip(_sources.Length)], gradient, limit);
        Tensor?[] gradients = sweep.Run();
        report.Paid(sweep.Products);
        return gradients;
    }

    /// <inheritdoc/>
    public override Tensor?[] Failed(Tensor gradient) => [.. _sources.Select(source => source.NaN())];
}
