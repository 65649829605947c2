using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Optimizers;

/// <summary>The method that moves the weights along the gradient, as options from which a run creates its optimiser.</summary>
/// <remarks>
/// An optimiser of your own is one class with one method, <see cref="Create"/>. What it remembers between steps is not part of checkpoints:
/// a run that uses it resumes from its last whole epoch, with a new optimiser, and says so when it begins.
/// </remarks>
public abstract record TrainingOptimizer
{
    /// <summary>Creates the optimiser of a run.</summary>
    /// <param name="parameters">All parameters of the network, in their order; not empty.</param>
    /// <param name="learningRate">The base learning rate; it is set again before every step.</param>
    /// <param name="weightDecay">The weight decay, as in <see cref="TrainingOptions.WeightDecay"/>.</param>
    /// <returns>The optimiser. The run disposes it.</returns>
    public abstract optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay);

    /// <summary>The optimiser of a run, which must go by the gradient that a step has made.</summary>
    /// <exception cref="InvalidOperationException">It is null.</exception>
    /// <exception cref="NotSupportedException">It asks for the loss several times a step.</exception>
    internal optim.Optimizer Made(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay)
    {
        optim.Optimizer made = Create(parameters, learningRate, weightDecay)
            ?? throw new InvalidOperationException($"{GetType().Name} made no optimiser: it is null.");
        if (made is not LBFGS)
        {
            return made;
        }

        made.Dispose();
        throw new NotSupportedException(
            $"{GetType().Name} makes LBFGS, which asks for the loss several times a step; a training step makes one gradient. "
            + "Take an optimiser that goes by one: AdamW, Adam, SGD, RMSprop.");
    }

    /// <summary>
    /// The largest that a weight may move in a step, in learning rates; null, the default, where that is not known: then the weights are
    /// looked at after every step, which costs a pass over them.
    /// </summary>
    internal virtual double? LargestMove => null;

    /// <summary>What the optimiser remembers between steps; null where that cannot be kept in a checkpoint.</summary>
    /// <param name="optimizer">What <see cref="Create"/> made.</param>
    /// <param name="names">Those of the parameters, in their order.</param>
    internal virtual OptimizerMemory? MemoryOf(optim.Optimizer optimizer, IReadOnlyList<string> names) => null;

    /// <summary>A share of a moving average that is kept, in [0, 1).</summary>
    private protected static double Share(double value, string name) => value is >= 0 and < 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [0, 1).");

    /// <summary>A finite number above 0.</summary>
    private protected static double Positive(double value, string name) => value is > 0 and < double.PositiveInfinity
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be above 0 and finite.");
}
