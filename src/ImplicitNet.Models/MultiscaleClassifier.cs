using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A classifier of small images by a multiscale deep equilibrium model: one convolution gives q, a <see cref="MultiscaleOperator"/> the
/// latent, and of every scale a convolution, its mean over the image and one linear layer for all the answer.
/// </summary>
/// <remarks>
/// Input: [batch, channels, height, width] float32, best in channels-last memory; output: logits [batch, classes]. All normalisations are
/// group normalisations: no image looks at another, in training or evaluation. After Bai, Koltun and Kolter (NeurIPS 2020), whose readout
/// has more layers. R is no contraction by construction: a solve may fail, and says so.
/// </remarks>
public static class MultiscaleClassifier
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: colour images of 32 x 32 in 10 classes.</param>
    /// <returns>
    /// The network, with a relative tolerance of 1e-3 in the largest of the scales' root mean squares. The caller owns it.
    /// </returns>
    public static ImplicitNetwork Create(MultiscaleClassifierOptions? options = null)
    {
        options ??= new MultiscaleClassifierOptions();
        options.EnsureSize();

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        int channels = options.LatentChannels;
        nn.Module<Tensor, Tensor> encoder = nn.Sequential(
            ("convolution", nn.Conv2d(options.ImageChannels, channels, 3, padding: 1, bias: false)),
            ("normalization", new GroupNormalization(channels)),
            ("activation", nn.ReLU(inplace: true)));
        MultiscaleOperator latentOperator = new(
            [.. Enumerable.Repeat((long)channels, options.Scales)], (options.Height, options.Width), options.Expansion, options.Dropout);
        MultiscaleReadout readout = new(latentOperator.Scales, options.Scales, channels, options.HeadChannels, options.Classes);
        return options.Join(encoder, latentOperator, readout);
    }
}
