using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>The family of Adam, which steps by the mean of gradients over the root of the mean of their squares.</summary>
public abstract record MomentOptimizer : TrainingOptimizer
{
    private protected MomentOptimizer()
    {
    }

    /// <summary>Share of the mean of gradients that a step keeps; in [0, 1); default 0.9.</summary>
    public double Beta1 { get; init => field = Share(value, nameof(Beta1)); } = 0.9;

    /// <summary>Share of the mean of squared gradients that a step keeps; in [0, 1); default 0.999.</summary>
    public double Beta2 { get; init => field = Share(value, nameof(Beta2)); } = 0.999;

    /// <summary>Added to the root of the mean of squares; above 0; default 1e-8.</summary>
    public double Epsilon { get; init => field = Positive(value, nameof(Epsilon)); } = 1e-8;

    // The first moment over the root of the second is at most 7.3, with the default betas.
    internal override double? LargestMove => (Beta1, Beta2) == (0.9, 0.999) ? 8 : null;

    internal override OptimizerMemory MemoryOf(optim.Optimizer optimizer, IReadOnlyList<string> names)
    {
        Moments[] moments = [.. ((OptimizerHelper)optimizer).state_dict().State.Select(MomentsOf)];
        return new OptimizerMemory(
            [.. names.Zip(moments).SelectMany(each =>
                new[] { ($"mean/{each.First}", each.Second.Mean), ($"square/{each.First}", each.Second.Square) })],
            () => [.. moments.Select(moment => moment.ReadStep())],
            steps => Array.ForEach([.. moments.Zip(steps)], each => each.First.WriteStep(each.Second)));
    }

    /// <summary>What torch's optimiser keeps of one parameter.</summary>
    private protected abstract Moments MomentsOf(OptimizerState state);

    /// <param name="Mean">Of gradients; the optimiser's own.</param>
    /// <param name="Square">Of their squares; the optimiser's own.</param>
    /// <param name="ReadStep">Steps made.</param>
    /// <param name="WriteStep">Puts them back.</param>
    private protected readonly record struct Moments(Tensor Mean, Tensor Square, Func<long> ReadStep, Action<long> WriteStep);
}
