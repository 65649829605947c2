using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training.History;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>
/// Training steps on a latent so large that a step of the solve which was kept would show, with a solve of exactly so many
/// steps. For a process of its own: its peak memory is what is measured.
/// </summary>
/// <remarks>
/// The map is <c>u -> 0.999 P u + q</c>, P a permutation of the channels and q above 0: an operator that a
/// <see cref="ContractionOperator"/> can hold, whose residual falls by a thousandth a step, so that 250 steps are really taken.
/// </remarks>
internal static class MemoryTrial
{
    /// <summary>Images in the batch.</summary>
    public const int Batch = 64;

    /// <summary>Channels of the latent.</summary>
    public const int Channels = 32;

    /// <summary>Sides of image and latent.</summary>
    public const int Side = 28;

    /// <summary>Most steps that the map can be held to: at about 1,900 its residual would meet float32's rounding.</summary>
    public const int MostSteps = 1000;

    private const double Gamma = 0.999;

    // The first allocates what the second finds in the allocator's hands.
    private const int TrainingSteps = 2;

    /// <summary>Trains, and says what the process has taken at most.</summary>
    /// <param name="gradient">How one differentiates.</param>
    /// <param name="steps">Steps of each solve; 1 to <see cref="MostSteps"/>.</param>
    /// <returns>The largest working set in bytes.</returns>
    public static long Run(FixedPointGradient gradient, int steps)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, MostSteps);
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using ImplicitNetwork network = Network(steps);
        network.Gradient = gradient;
        using AdamW optimizer = new(network.parameters(), lr: 1e-9);
        for (int step = 0; step < TrainingSteps; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            optimizer.zero_grad();
            using ImplicitResult result = network.Run(rand(Batch, 1, Side, Side));
            if (result.Report.Samples.Any(sample => sample.Steps != steps))
            {
                throw new InvalidOperationException($"The solve was to take {steps} steps for every sample; it did not: {result.Report}");
            }

            result.Output.square().mean().backward();
            result.Gradient.ThrowIfFailed();
            optimizer.step();
        }

        return ProcessMemory.Peak();
    }

    private static ImplicitNetwork Network(int steps)
    {
        BoundedConvolution permutation = new(Channels, Channels, kernelSize: 3, imageSize: (Side, Side));
        using (no_grad())
        {
            Tensor weight = permutation.parameters().Single();
            weight.zero_();
            weight[.., .., 1, 1] = eye(Channels).roll([1], [0]);
        }

        ContractionOperator latentOperator = new(permutation, Gamma, LatentActivation.LeakyRelu());
        Sequential encoder = nn.Sequential(("convolution", nn.Conv2d(1, Channels, 3, padding: 1)), ("positive", nn.Softplus()));
        Sequential readout = nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(Channels * Side * Side, 10)));
        return new ImplicitNetwork(encoder, latentOperator, readout)
        {
            // Never met: the solve ends with its last step, and is used as it is.
            Stopping = new StoppingRule { RelativeTolerance = 1e-7, MaxSteps = steps },
            OnFailure = new WarnOnFailure { Warn = static _ => { } },
        };
    }
}
