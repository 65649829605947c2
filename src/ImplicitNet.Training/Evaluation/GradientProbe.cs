using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>
/// Compares the gradient that a network trains with to the exact one, <c>cos(g, h) = &lt;g, h&gt; / (||g|| ||h||)</c>, on a
/// fixed batch: the first images of the data, unshifted, in evaluation mode.
/// </summary>
/// <remarks>
/// g and h are the gradients of the mean cross-entropy in all parameters of encoder and operator, those that are reached
/// through the fixed point; the readout's gradient is the same for every strategy. Both are taken at a u* solved by the
/// network's own rule, so that strategies are compared and not tolerances. Draws nothing at random and changes neither
/// weights nor statistics: a run ends with the same weights with and without it.
/// </remarks>
public sealed record GradientProbe
{
    // What float32 resolves; more products than float32 can use.
    private static readonly ImplicitGradient Exact = new() { Solver = new GmresSolver { MaxProducts = 200 }, RelativeTolerance = 1e-6 };

    /// <summary>Measurements an epoch, evenly spread, the last one at its end; at least 1; default 4.</summary>
    public int TimesPerEpoch
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TimesPerEpoch), value, "A probe measures at least once an epoch.");
    } = 4;

    /// <summary>Images in the batch; at least 1; default 32. A smaller data set gives all it has.</summary>
    public int Images
    {
        get;
        init =>
            field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Images), value, "A probe needs at least 1 image.");
    } = 32;

    /// <summary>Whether a measurement follows a step.</summary>
    /// <param name="step">The step in its epoch, from 1.</param>
    /// <param name="steps">Steps of the epoch.</param>
    internal bool IsDue(long step, long steps) => step * TimesPerEpoch / steps > (step - 1) * TimesPerEpoch / steps;

    /// <summary>
    /// The cosine of a gradient to the exact one, in [-1, 1]; NaN where a gradient is zero or not finite. Parameters have no gradient
    /// afterwards.
    /// </summary>
    internal double Cosine(ImplicitNetwork network, FixedPointGradient gradient, BatchSource source)
    {
        using DisposeScope scope = NewDisposeScope();
        bool wasTraining = network.training;
        network.eval();
        try
        {
            using Batch batch = source.First(Images);
            Tensor own = Direction(network, gradient, batch);
            Tensor exact = Direction(network, Exact, batch);
            return (own.dot(exact) / (own.norm() * exact.norm())).ToDouble();
        }
        finally
        {
            network.zero_grad();
            network.train(wasTraining);
        }
    }

    /// <summary>The gradient in one float64 vector.</summary>
    private static Tensor Direction(ImplicitNetwork network, FixedPointGradient gradient, Batch batch)
    {
        network.zero_grad();
        using ImplicitResult result = network.Run(batch.Inputs, network.Settings with { Gradient = gradient });
        using Tensor loss = result.Average(nn.functional.cross_entropy(result.Output, batch.Targets, reduction: nn.Reduction.None));
        loss.backward();
        result.Gradient.ThrowIfFailed();
        IEnumerable<Parameter> behind = network.Encoder.parameters().Concat(network.Layer.parameters());
        return cat([.. behind.Select(parameter => parameter.grad).OfType<Tensor>().Select(part => part.flatten().to(ScalarType.Float64))]);
    }
}
