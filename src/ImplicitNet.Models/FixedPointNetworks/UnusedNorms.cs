using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// Two batch normalisations that the published SVHN network has and never applies. They are here so that its weight files
/// fit whole, and its parameters are counted as in the paper.
/// </summary>
internal sealed class UnusedNorms : nn.Module<Tensor, Tensor>
{
    public UnusedNorms(long channels)
        : base(nameof(UnusedNorms))
    {
        register_module("bn_1", nn.BatchNorm2d(channels));
        register_module("bn_2", nn.BatchNorm2d(channels));
    }

    public override Tensor forward(Tensor input) => input.alias();
}
