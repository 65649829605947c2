using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// An implicit network that answers every place of a string or a grid, of any size:
/// <c>u = tanh(W2 relu(W1 u + q1) + q2)</c> with convolutions 3 wide, so that a step carries what is known two places further, and solving
/// until nothing changes carries it as far as it goes.
/// </summary>
/// <remarks>
/// Input: [batch, channels, length] or [batch, channels, height, width] float32; output: logits [batch, classes, length] or
/// [batch, classes, height, width]. q is one convolution of the input to both q1 and q2, injected at every step; the readout has two. R is
/// no contraction in the L2 norm: a contraction forgets what is far away. Whether the answer depends on the start is measured
/// (<see cref="Certification.PathIndependence"/>). The weights know no size: train on small instances, solve larger ones with more steps.
/// After Bansal et al., "End-to-end algorithm synthesis with recurrent networks", NeurIPS 2022, whose networks see the input at every step
/// too.
/// </remarks>
public static class GridSolver
{
    /// <summary>Creates the network, with weights drawn from torch's random state.</summary>
    /// <param name="options">Sizes; default: mazes, with 24 channels.</param>
    /// <returns>The network, with a relative tolerance of 1e-3; a front that moves is progress. The caller owns it.</returns>
    public static ImplicitNetwork Create(GridSolverOptions? options = null)
    {
        options ??= new GridSolverOptions();
        options.EnsureSize();

        // For the tensors that torch's layers leave behind when they draw their weights; the weights themselves stay.
        using DisposeScope scope = NewDisposeScope();
        int channels = options.LatentChannels;
        nn.Module<Tensor, Tensor> Layer(int inputs, int outputs) => options.Dimensions == 1
            ? nn.Conv2d(inputs, outputs, (1, 3), padding: (0, 1))
            : nn.Conv2d(inputs, outputs, 3, padding: 1);
        return options.Join(
            new GridEncoder(Layer(options.InputChannels, 2 * channels)),
            [.. Enumerable.Range(0, options.Layers).Select(_ => new GridOperator(Layer(channels, channels), Layer(channels, channels)))],
            new GridReadout(Layer(channels, channels), Layer(channels, options.Classes), options.Dimensions));
    }
}
