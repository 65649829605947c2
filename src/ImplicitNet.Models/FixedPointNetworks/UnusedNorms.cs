using ImplicitNet.Operators;
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
        register_module("bn_1", new BatchNormalization(channels));
        register_module("bn_2", new BatchNormalization(channels));
    }

    public override Tensor forward(Tensor input) => input.alias();
}
