using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A classifier of small images by one monotone convolution: an encoder of one or two convolutions gives q, the latent is
/// <c>u = ReLU(W u + q)</c> with a circular <see cref="MonotoneConvolution"/>, and the readout is linear.
/// </summary>
/// <remarks>
/// Input: [batch, channels, height, width] float32, best in channels-last memory; output: logits [batch, classes]. The network of one
/// convolution of Winston and Kolter (NeurIPS 2020), with a second convolution and batch normalisation in the encoder. There is one fixed
/// point for every q, whatever the weights.
/// </remarks>
public static class MonotoneClassifier
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: grey images of 28 x 28 in 10 classes.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The latents would be too small for the kernel or the readout.</exception>
    public static ImplicitNetwork Create(MonotoneClassifierOptions? options = null)
    {
        options ??= new MonotoneClassifierOptions();
        options.EnsureSize();
        options.EnsureFits();

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        (int channels, int height, int width) = options.LatentShape;
        int hidden = options.HiddenChannels;
        ConvolutionalSequence encoder = new(
        [
            .. hidden == 0 ? [] : Normalized("hidden", options.ImageChannels, hidden, options.HiddenPooling),
            .. hidden == 0 ? [] : new (string, nn.Module<Tensor, Tensor>)[] { ("activation", nn.ReLU(inplace: true)) },
            .. Normalized("latent", hidden == 0 ? options.ImageChannels : hidden, channels, options.Pooling),
        ]);
        MonotoneConvolution layer = new(channels, (height, width), options.KernelSize, options.Monotonicity, lipschitz: options.Limit);
        nn.Module<Tensor, Tensor> readout = nn.Sequential(
            ("pool", nn.AvgPool2d(options.ReadoutPooling)),
            ("flatten", nn.Flatten()),
            ("dropout", new SampleDropout(options.Dropout)),
            ("linear", nn.Linear(options.ReadoutInputs, options.Classes)));
        return options.Join(encoder, new MonotoneOperator(layer), readout);
    }

    private static IEnumerable<(string Name, nn.Module<Tensor, Tensor> Module)> Normalized(
        string name, long inputs, long outputs, int pooling)
    {
        yield return ($"{name}_convolution", nn.Conv2d(inputs, outputs, 3, padding: 1, bias: false));
        yield return ($"{name}_normalization", new BatchNormalization(outputs));
        if (pooling > 1)
        {
            yield return ($"{name}_pool", nn.MaxPool2d(pooling));
        }
    }
}
