using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// Numbers whose sign is the answer, as of two sides with the targets -1 and +1: outputs and targets [batch, ...] of the same shape, where
/// [batch] and [batch, 1] count as the same. The loss of a sample is the mean of <c>e^2 / 2</c> where an error e is below 1 and of
/// <c>|e| - 1/2</c> elsewhere (Huber, 1964; torch's smooth L1); "accuracy" is whether all its signs are right. The best epoch has the
/// smallest loss.
/// </summary>
/// <remarks><see cref="Batch.Weights"/> are one per sample, [batch], and used for the loss only.</remarks>
public sealed record SignedRegression : TrainingTask
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        Tensor losses = nn.functional.smooth_l1_loss(output, TargetsLike(output, batch).to(output.dtype), nn.Reduction.None);
        Tensor means = MeanOfSamples(losses, null);
        return batch.Weights is { } weights ? MeanOfSamples(means, weights) : means;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        Tensor isRight = output.sign().eq(TargetsLike(output, batch).sign());
        return [new(Measurement.Accuracy, isRight.reshape(isRight.shape[0], -1).all(1))];
    }
}
