using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>q of a <see cref="GridSolver"/>: one convolution of strings [batch, channels, length] or grids.</summary>
/// <remarks>q is [batch, 2C, height, width], in channels-last memory; a string is a grid of height 1.</remarks>
internal sealed class GridEncoder : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "convolution")]
    private readonly nn.Module<Tensor, Tensor> _convolution;

    public GridEncoder(nn.Module<Tensor, Tensor> convolution)
        : base(nameof(GridEncoder))
    {
        _convolution = convolution;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        return GridOperator.ChannelsLast(_convolution.call(input.ndim == 3 ? input.unsqueeze(2) : input)).MoveToOuterDisposeScope();
    }
}
