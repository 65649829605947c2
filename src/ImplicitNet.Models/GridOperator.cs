using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>R of a <see cref="GridSolver"/>: <c>R(u, q) = tanh(W2 relu(W1 u + q1) + q2)</c>.</summary>
/// <remarks>
/// q is [batch, 2C, height, width], q1 before q2; u is [batch, C, height, width] in channels-last memory, where torch's convolutions take
/// about half as long.
/// </remarks>
internal sealed class GridOperator : LatentOperator
{
    [ComponentName(Name = "convolution1")]
    private readonly nn.Module<Tensor, Tensor> _first;
    [ComponentName(Name = "convolution2")]
    private readonly nn.Module<Tensor, Tensor> _second;

    public GridOperator(nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> second)
        : base(nameof(GridOperator))
    {
        (_first, _second) = (first, second);
        RegisterComponents();
    }

    /// <summary>The same values in channels-last memory: [batch, channels, height, width].</summary>
    public static Tensor ChannelsLast(Tensor grid) => grid.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <inheritdoc/>
    public override FixedPointMap Bind(Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        long channels = q.shape[1] / 2;
        Tensor[] parts = [.. new long[] { 0, channels }.Select(
            first => ChannelsLast(q.narrow(1, first, channels)).DetachFromDisposeScope())];
        return new PerSampleMap(
            (u, inputs) => _second.call(_first.call(u).add_(inputs.PerSample[0]).relu_()).add_(inputs.PerSample[1]).tanh_(),
            new MapInputs { PerSample = parts, Parameters = parameters().Where(parameter => parameter.requires_grad), Owned = parts })
        {
            IsOwn = true,
        };
    }

    /// <summary>Zeros.</summary>
    public override Tensor StartingLatent(Tensor q)
    {
        using IDisposable noGraph = no_grad();
        using Tensor part = q.narrow(1, 0, q.shape[1] / 2);
        return zeros_like(part);
    }
}
