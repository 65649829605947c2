using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// One class per cell (of a maze, a segmentation, a string): outputs are logits, [batch, classes, ...], targets integers [batch, ...].
/// <see cref="Batch.Weights"/>, if there are any, are one per cell, [batch, ...]: cells of weight 0 do not count.
/// </summary>
/// <remarks>
/// The loss of a sample is the mean cross-entropy of its cells, in nats. The accuracy is the share of samples whose cells are all right; it
/// chooses the best epoch, and "cells" is the mean share of right cells.
/// </remarks>
public sealed record DenseClassification : TrainingTask
{
    /// <inheritdoc/>
    public override Score Score => Score.Accuracy;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        EnsureShapes(output, batch);
        return MeanOfSamples(CrossEntropy(output, batch.Targets, batch.Weights), batch.Weights);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        EnsureShapes(output, batch);
        Tensor isRight = output.argmax(1).eq(batch.Targets);
        Tensor whole = batch.Weights is { } weights ? isRight.logical_or(weights.eq(0)) : isRight;
        return
        [
            new(Measurement.Accuracy, whole.flatten(1).all(1)),
            new("cells", MeanOfSamples(isRight.to(ScalarType.Float64), batch.Weights)),
        ];
    }

    private static void EnsureShapes(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        Tensor targets = batch.Targets;
        bool fits = output.ndim >= 3 && targets.ndim == output.ndim - 1 && output.shape[0] == targets.shape[0]
            && output.shape.AsSpan(2).SequenceEqual(targets.shape.AsSpan(1))
            && (batch.Weights is null || batch.Weights.shape.AsSpan().SequenceEqual(targets.shape));
        if (!fits)
        {
            string weights = batch.Weights is { } given ? $", weights [{string.Join(", ", given.shape)}]" : "";
            throw new ArgumentException(
                "Dense classification needs outputs [batch, classes, ...], and targets and weights [batch, ...]. Given: "
                + $"outputs [{string.Join(", ", output.shape)}], targets [{string.Join(", ", targets.shape)}]{weights}.",
                nameof(output));
        }
    }
}
