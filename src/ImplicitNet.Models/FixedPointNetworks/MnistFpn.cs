using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The network for MNIST of Wu Fung et al. (AAAI 2022) as published: 35,856 parameters with one latent layer, 54,352 with
/// two, as in the paper's table.
/// </summary>
/// <remarks>
/// Input: [batch, 1, 28, 28] float32, best in channels-last memory; output: logits [batch, 10]. R has batch normalisation inside, so it is
/// not a contraction by construction, and in training mode it couples the samples of a batch (see <see cref="CoupledModuleOperator"/>). The
/// same size with a contraction as R is <see cref="DigitClassifier"/>.
/// </remarks>
public static class MnistFpn
{
    internal const int Channels = 32;

    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Default: as published, with one latent layer.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(MnistFpnOptions? options = null)
    {
        options ??= new MnistFpnOptions();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();

        // Published with the pool after the activation, which rises: the same values, from nine times the pixels.
        ConvolutionalSequence encoder = new(
            ("conv_d1", nn.Conv2d(options.ImageChannels, 16, 3, padding: 1)),
            ("bn_1", new BatchNormalization(16)),
            ("pool", nn.MaxPool2d(3)),
            ("activation1", nn.LeakyReLU(ConvolutionPair.Slope, inplace: true)),
            ("conv_d2", nn.Conv2d(16, Channels, 3, padding: 1)),
            ("bn_2", new BatchNormalization(Channels)),
            ("activation2", nn.LeakyReLU(ConvolutionPair.Slope, inplace: true)));
        ResidualLatent latent = new(Channels, options.LatentLayers, options.Gamma);
        return options.Join(
            encoder, new CoupledModuleOperator(latent) { IsOwn = true }, SvhnLayers.Readout(options.LatentShape, options.Classes));
    }
}
