using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The <see cref="CifarFpn"/> with a contraction as R: four of its five latent blocks, and half of the fifth, become the end of the
/// encoder; the last convolution, bounded, is R, without batch statistics. 843,430 parameters.
/// </summary>
/// <remarks>Input: [batch, 3, 32, 32] float32, best in channels-last memory; output: logits [batch, 10].</remarks>
public static class ContractiveCifarFpn
{
    private const int LatentBlocks = 4;

    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Default: colour images of 32 x 32 in 10 classes, gamma 0.5.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(ContractiveCifarFpnOptions? options = null)
    {
        options ??= new ContractiveCifarFpnOptions();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();
        (int channels, int height, int width) = options.LatentShape;
        ConvolutionalSequence encoder = new(
            ("residual", new CifarEncoder(options.ImageChannels, channels, more: LatentBlocks)),
            ("convolution", nn.Conv2d(channels, channels, 3, padding: 1, bias: false)),
            ("normalization", new BatchNormalization(channels)));
        BoundedConvolution convolution = new(channels, channels, kernelSize: 3, imageSize: (height, width));
        ContractionOperator latentOperator = new(convolution, options.Gamma, LatentActivation.LeakyRelu(ConvolutionPair.Slope));
        return options.Join(encoder, latentOperator, CifarLayers.Readout(options.LatentShape, options.Classes));
    }
}
