using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A classifier of small images by implicit deep learning (El Ghaoui, Gu, Travacca, Askari, Tsai 2019): <c>q = B d + b</c> of the pixels
/// d, <c>u = ReLU(A u + q)</c> with the row sums of |A| at most gamma, and a linear readout.
/// </summary>
/// <remarks>
/// Input: [batch, channels, height, width] float32; output: logits [batch, classes]. R contracts by gamma in the maximum norm, by
/// construction; see <see cref="WellPosedLinear"/>, or <see cref="WellPosedLowRank"/> where there is a rank.
/// </remarks>
public static class WellPosedClassifier
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: grey images of 28 x 28 in 10 classes, n = 100.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The rank is above n.</exception>
    public static ImplicitNetwork Create(WellPosedClassifierOptions? options = null)
    {
        options ??= new WellPosedClassifierOptions();
        options.EnsureSize();
        options.EnsureFits();
        using DisposeScope scope = NewDisposeScope();
        int states = options.States;
        nn.Module<Tensor, Tensor> encoder = nn.Sequential(
            ("flatten", nn.Flatten()),
            ("linear", nn.Linear((long)options.ImageChannels * options.Height * options.Width, states)));
        BoundedLayer layer = options.Rank is { } rank ? new WellPosedLowRank(states, rank) : new WellPosedLinear(states);
        return options.Join(
            encoder, new ContractionOperator(layer, options.Gamma, LatentActivation.LeakyRelu(0)), nn.Linear(states, options.Classes));
    }
}
