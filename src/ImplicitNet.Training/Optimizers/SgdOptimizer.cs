using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>Stochastic gradient descent, with or without momentum. Weight decay is part of the gradient (L2).</summary>
public sealed record SgdOptimizer : TrainingOptimizer
{
    /// <summary>Share of the velocity that a step keeps; in [0, 1); default 0: none.</summary>
    public double Momentum { get; init => field = Share(value, nameof(Momentum)); }

    /// <summary>Whether the gradient is taken where the momentum leads (Nesterov); needs a momentum; default false.</summary>
    public bool Nesterov { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Nesterov's form was asked for without a momentum.</exception>
    public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay)
    {
        if (Nesterov && Momentum == 0)
        {
            throw new InvalidOperationException("Nesterov's form needs a momentum above 0. Given: 0.");
        }

        SGD optimizer = new(parameters, learningRate, Momentum, dampening: 0, weightDecay, Nesterov, maximize: false);
        if (Momentum > 0)
        {
            // Velocities of 0 are what torch begins with; made here, a checkpoint before the first step has them too.
            foreach ((SGD.State state, Parameter parameter) in States(optimizer).Zip(parameters))
            {
                state.momentum_buffer ??= zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
            }
        }

        return optimizer;
    }

    internal override OptimizerMemory MemoryOf(optim.Optimizer optimizer, IReadOnlyList<string> names) => new(
        [.. from each in names.Zip(States((SGD)optimizer))
            where each.Second.momentum_buffer is not null
            select ($"momentum/{each.First}", each.Second.momentum_buffer)],
        () => [],
        _ => { });

    private static IEnumerable<SGD.State> States(SGD optimizer) => optimizer.state_dict().State.Cast<SGD.State>();
}
