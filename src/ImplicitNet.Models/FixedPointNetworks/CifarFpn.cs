using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The network for CIFAR-10 with augmentation of Wu Fung et al. (AAAI 2022) as published: 843,430 parameters.
/// </summary>
/// <remarks>
/// Input: [batch, 3, 32, 32] float32, best in channels-last memory; output: logits [batch, 10]. R has batch normalisation inside, so it is
/// not a contraction by construction, and in training mode it couples the samples of a batch (see <see cref="CoupledModuleOperator"/>). The
/// same size with a contraction as R is <see cref="ContractiveCifarFpn"/>.
/// </remarks>
public static class CifarFpn
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Default: as published, with five latent layers.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(CifarFpnOptions? options = null)
    {
        options ??= new CifarFpnOptions();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();
        CifarEncoder encoder = new(options.ImageChannels, CifarLayers.Channels);
        CifarLatent latent = new(CifarLayers.Channels, options.LatentLayers, options.Gamma);
        return options.Join(
            encoder, new CoupledModuleOperator(latent) { IsOwn = true }, CifarLayers.Readout(options.LatentShape, options.Classes));
    }
}
