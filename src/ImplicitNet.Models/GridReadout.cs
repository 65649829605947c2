using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The readout of a <see cref="GridSolver"/>: logits of every place, convolution, ReLU, convolution.</summary>
internal sealed class GridReadout : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "convolution1")]
    private readonly nn.Module<Tensor, Tensor> _first;
    [ComponentName(Name = "convolution2")]
    private readonly nn.Module<Tensor, Tensor> _second;
    private readonly int _dimensions;

    public GridReadout(nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> second, int dimensions)
        : base(nameof(GridReadout))
    {
        (_first, _second, _dimensions) = (first, second, dimensions);
        RegisterComponents();
    }

    public override Tensor forward(Tensor latent)
    {
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        Tensor logits = _second.call(_first.call(latent).relu_());
        return (_dimensions == 1 ? logits.squeeze(2) : logits).MoveToOuterDisposeScope();
    }
}
