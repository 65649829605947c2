using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The network for SVHN, and for CIFAR-10 without augmentation, of Wu Fung et al. (AAAI 2022) as published: 163,744
/// parameters, of which the 256 of two norms are never used.
/// </summary>
/// <remarks>
/// Input: [batch, 3, 32, 32] float32, best in channels-last memory; output: logits [batch, 10]. R has batch normalisation inside, so it is
/// not a contraction by construction, and in training mode it couples the samples of a batch (see <see cref="CoupledModuleOperator"/>). The
/// same size with a contraction as R is <see cref="ContractiveSvhnFpn"/>.
/// </remarks>
public static class SvhnFpn
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Default: as published, with one latent layer.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(SvhnFpnOptions? options = null)
    {
        options ??= new SvhnFpnOptions();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();
        ConvolutionalSequence encoder = new(
            [.. SvhnLayers.Encoder(options.ImageChannels), (PublishedNames.Unused, new UnusedNorms(SvhnLayers.Channels))]);
        ResidualLatent latent = new(SvhnLayers.Channels, options.LatentLayers, options.Gamma);
        return options.Join(
            encoder, new CoupledModuleOperator(latent) { IsOwn = true }, SvhnLayers.Readout(options.LatentShape, options.Classes));
    }
}
