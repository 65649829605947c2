using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// An implicit classifier of small images: a convolutional encoder, a latent of a third of the image's side found as
/// <c>u = LeakyReLU(gamma W u / b(W) + q)</c> with one 3 x 3 convolution W, and a convolutional readout.
/// </summary>
/// <remarks>
/// Input: [batch, channels, height, width] float32, best in channels-last memory; output: logits [batch, classes].
/// The encoder ends with batch normalisation, outside the map in u, so that R stays a contraction in the L2 norm whatever
/// the weights.
/// </remarks>
public static class DigitClassifier
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: grey images of 28 x 28 in 10 classes.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(DigitClassifierOptions? options = null)
    {
        options ??= new DigitClassifierOptions();
        options.EnsureSize();

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        (int channels, int latentHeight, int latentWidth) = options.LatentShape;
        int half = channels / 2;

        // LeakyReLU rises, so it may come after the maximum as well as before: the same values from a ninth of the pixels.
        ConvolutionalSequence encoder = new(
        [
            ("convolution1", nn.Conv2d(options.ImageChannels, half, 3, padding: 1)),
            ("normalization1", new BatchNormalization(half)),
            ("pool", nn.MaxPool2d(3)),
            ("activation1", nn.LeakyReLU(options.Slope, inplace: true)),
            ("convolution2", nn.Conv2d(half, channels, 3, padding: 1)),
            ("normalization2", new BatchNormalization(channels)),
            ("activation2", nn.LeakyReLU(options.Slope, inplace: true)),
            .. Enumerable.Range(1, options.ResidualBlocks).Select(
                number => ($"block{number}", (nn.Module<Tensor, Tensor>)new EncoderBlock(channels, options.Slope))),
            ("convolution3", nn.Conv2d(channels, channels, 3, padding: 1, bias: false)),
            ("normalization3", new BatchNormalization(channels)),
        ]);
        BoundedConvolution convolution = new(channels, channels, kernelSize: 3, imageSize: (latentHeight, latentWidth));
        ContractionOperator latentOperator = new(convolution, options.Gamma, LatentActivation.LeakyRelu(options.Slope));
        nn.Module<Tensor, Tensor> readout = nn.Sequential(
            ("convolution", nn.Conv2d(channels, half, 3)),
            ("activation", nn.LeakyReLU(options.Slope, inplace: true)),
            ("dropout", new SampleDropout(options.Dropout, dropsChannels: true)),
            ("flatten", nn.Flatten()),
            ("linear", nn.Linear((long)half * (latentHeight - 2) * (latentWidth - 2), options.Classes, hasBias: false)));
        return options.Join(encoder, latentOperator, readout);
    }
}
