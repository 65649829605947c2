using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>
/// Adam (Kingma and Ba, ICLR 2015). A weight decay is part of the gradient here (L2), as in the paper; for one that is not see
/// <see cref="AdamWOptimizer"/>.
/// </summary>
public sealed record AdamOptimizer : TrainingOptimizer
{
    /// <inheritdoc cref="AdamWOptimizer.Beta1"/>
    public double Beta1 { get; init => field = Share(value, nameof(Beta1)); } = 0.9;

    /// <inheritdoc cref="AdamWOptimizer.Beta2"/>
    public double Beta2 { get; init => field = Share(value, nameof(Beta2)); } = 0.999;

    /// <inheritdoc cref="AdamWOptimizer.Epsilon"/>
    public double Epsilon { get; init => field = Positive(value, nameof(Epsilon)); } = 1e-8;

    internal override double? LargestMove => (Beta1, Beta2) == (0.9, 0.999) ? 8 : null;

    /// <inheritdoc/>
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
        new Adam(parameters, learningRate, Beta1, Beta2, Epsilon, weightDecay, amsgrad: false, maximize: false);

    internal override OptimizerMemory MemoryOf(optim.Optimizer optimizer, IReadOnlyList<string> names)
    {
        Adam.State[] states = [.. ((Adam)optimizer).state_dict().State.Cast<Adam.State>()];
        return new OptimizerMemory(
            [.. names.Zip(states).SelectMany(each =>
                new[] { ($"mean/{each.First}", each.Second.exp_avg), ($"square/{each.First}", each.Second.exp_avg_sq) })],
            () => [.. states.Select(state => state.step)],
            steps => Array.ForEach([.. states.Zip(steps)], each => each.First.step = each.Second));
    }
}
