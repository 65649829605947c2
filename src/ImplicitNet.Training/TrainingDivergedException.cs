using System.Globalization;

namespace ImplicitNet.Training;

/// <summary>
/// The exception that is thrown when a training run cannot go on: the loss, a gradient or a weight became NaN or infinite, or no sample of
/// an epoch counted. Nothing of that was kept: the last checkpoint and the best weights are from before.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    private TrainingDivergedException(string message)
        : base(message)
    {
    }

    /// <summary>A number is not finite.</summary>
    /// <param name="what">Which, for the beginning of a sentence.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="learningRate">The rate of the step.</param>
    internal static TrainingDivergedException At(string what, long step, int epoch, double learningRate) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{what} at step {step} (epoch {epoch}, learning rate {learningRate:g3}). ")
        + "Lower the learning rate or the weight decay, or clip the gradient; "
        + "the checkpoint and the weights that are kept are from before.");

    /// <summary>No sample of an epoch counted.</summary>
    /// <param name="samples">Which samples, for the beginning of a sentence, such as "training sample".</param>
    /// <param name="step">Steps made.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    internal static TrainingDivergedException Unsolved(string samples, long step, int epoch) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"No {samples} of epoch {epoch} converged (up to step {step}). ")
        + "Raise the step limit or the tolerance of the solve, or lower the learning rate; the weights that are kept are from before.");
}
