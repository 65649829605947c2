using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), which without decay is Adam. The default.
/// </summary>
public sealed record AdamWOptimizer : TrainingOptimizer
{
    /// <summary>Share of the mean of gradients that a step keeps; in [0, 1); default 0.9.</summary>
    public double Beta1 { get; init => field = Share(value, nameof(Beta1)); } = 0.9;

    /// <summary>Share of the mean of squared gradients that a step keeps; in [0, 1); default 0.999.</summary>
    public double Beta2 { get; init => field = Share(value, nameof(Beta2)); } = 0.999;

    /// <summary>Added to the root of the mean of squares; above 0; default 1e-8.</summary>
    public double Epsilon { get; init => field = Positive(value, nameof(Epsilon)); } = 1e-8;

    // Its first moment over the root of its second is at most 7.3, with the default betas.
    internal override double? LargestMove => (Beta1, Beta2) == (0.9, 0.999) ? 8 : null;

    /// <inheritdoc/>
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
        new AdamW(parameters, learningRate, Beta1, Beta2, Epsilon, weightDecay, amsgrad: false, maximize: false);

    internal override OptimizerMemory MemoryOf(optim.Optimizer optimizer, IReadOnlyList<string> names)
    {
        AdamW.State[] states = [.. ((AdamW)optimizer).state_dict().State.Cast<AdamW.State>()];
        return new OptimizerMemory(
            [.. names.Zip(states).SelectMany(each =>
                new[] { ($"mean/{each.First}", each.Second.exp_avg), ($"square/{each.First}", each.Second.exp_avg_sq) })],
            () => [.. states.Select(state => state.step)],
            steps => Array.ForEach([.. states.Zip(steps)], each => each.First.step = each.Second));
    }
}
