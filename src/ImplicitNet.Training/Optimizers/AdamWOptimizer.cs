using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), which without decay is the same as Adam. The default.
/// </summary>
public sealed record AdamWOptimizer : MomentOptimizer
{
    /// <inheritdoc/>
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
        new AdamW(parameters, learningRate, Beta1, Beta2, Epsilon, weightDecay, amsgrad: false, maximize: false);

    private protected override Moments MomentsOf(OptimizerState state)
    {
        AdamW.State own = (AdamW.State)state;
        return new Moments(own.exp_avg, own.exp_avg_sq, () => own.step, step => own.step = step);
    }
}
