using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>
/// Adam (Kingma and Ba, ICLR 2015). Weight decay is part of the gradient here (L2), as in the paper; for decoupled weight decay use
/// <see cref="AdamWOptimizer"/>.
/// </summary>
public sealed record AdamOptimizer : MomentOptimizer
{
    /// <inheritdoc/>
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
        new Adam(parameters, learningRate, Beta1, Beta2, Epsilon, weightDecay, amsgrad: false, maximize: false);

    private protected override Moments MomentsOf(OptimizerState state)
    {
        Adam.State own = (Adam.State)state;
        return new Moments(own.exp_avg, own.exp_avg_sq, () => own.step, step => own.step = step);
    }
}
