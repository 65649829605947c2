using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>
/// The <see cref="SvhnFpn"/> with a contraction as R: one of its two latent convolutions becomes the end of the encoder; the other one,
/// bounded, is R, without batch statistics. 163,488 parameters.
/// </summary>
/// <remarks>Input: [batch, 3, 32, 32] float32, best in channels-last memory; output: logits [batch, 10].</remarks>
public static class ContractiveSvhnFpn
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Default: colour images of 32 x 32 in 10 classes, gamma 0.5.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(ContractiveSvhnFpnOptions? options = null)
    {
        options ??= new ContractiveSvhnFpnOptions();
        options.EnsureSize();
        using DisposeScope scope = NewDisposeScope();
        (int channels, int height, int width) = options.LatentShape;
        ConvolutionalSequence encoder = new(
        [
            .. SvhnLayers.Encoder(options.ImageChannels),
            ("convolution", nn.Conv2d(channels, channels, 3, padding: 1, bias: false)),
            ("normalization", new BatchNormalization(channels)),
        ]);
        BoundedConvolution convolution = new(channels, channels, kernelSize: 3, imageSize: (height, width));
        ContractionOperator latentOperator = new(convolution, options.Gamma, LatentActivation.LeakyRelu(ConvolutionPair.Slope));
        return options.Join(encoder, latentOperator, SvhnLayers.Readout(options.LatentShape, options.Classes));
    }
}
