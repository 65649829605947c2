using ImplicitNet.Training.Optimizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>One of torch's own.</summary>
internal sealed record RmsProp : TrainingOptimizer
{
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
        optim.RMSProp(parameters, learningRate, weight_decay: weightDecay);
}
