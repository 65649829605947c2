using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// A classifier of small images whose outputs together move by no more than its input, in L2, whatever its weights are: an encoder of
/// <see cref="CayleyLinear"/> layers with <see cref="GroupSort"/> between them, which lose no length but where they get smaller, a
/// <see cref="ReflectedOperator"/>, which loses none, and a <see cref="BoundedLinear"/> with rows s for the answer.
/// </summary>
/// <remarks>
/// Input: [batch, channels, height, width] float32, normalised by no deviation, so that distances are those of the pixels; output: [batch,
/// classes]. Where an output leads every other j by more than <c>||s_c - s_j|| r</c>, at most <c>sqrt(2) r</c>, the answer is the same
/// for every input within r. Trained by the loss of <c>MarginClassification</c>.
/// </remarks>
public static class RobustClassifier
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: grey images of 28 x 28 in 10 classes, n = 256.</param>
    /// <returns>The network, with a relative tolerance of 1e-3. The caller owns it.</returns>
    public static ImplicitNetwork Create(RobustClassifierOptions? options = null)
    {
        options ??= new RobustClassifierOptions();
        options.EnsureSize();
        options.EnsureFits();
        using DisposeScope scope = NewDisposeScope();
        int states = options.States;
        long inputs = (long)options.ImageChannels * options.Height * options.Width;
        List<(string Name, nn.Module<Tensor, Tensor> Module)> encoder = [("flatten", nn.Flatten())];
        for (int layer = 1; layer <= options.HiddenLayers; layer++)
        {
            encoder.Add(($"hidden{layer}", new CayleyLinear(layer == 1 ? inputs : states, states)));
            encoder.Add(($"sort{layer}", new GroupSort()));
        }

        encoder.Add(("latent", new CayleyLinear(options.HiddenLayers == 0 ? inputs : states, states)));
        BoundedLinear readout = new(states, options.Classes);
        nn.init.orthogonal_(readout.Weight);
        return options.Join(nn.Sequential([.. encoder]), new ReflectedOperator(new SkewLinear(states), options.Gamma), readout);
    }
}
