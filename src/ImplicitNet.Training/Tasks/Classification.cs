using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// One class per sample: outputs are logits, [batch, classes], targets the numbers of the classes, integers [batch]. The loss is the
/// cross-entropy in nats, multiplied by <see cref="Batch.Weights"/> where there are any; the best epoch has the highest accuracy.
/// </summary>
public sealed record Classification : TrainingTask
{
    /// <inheritdoc/>
    public override Score Score => Score.Accuracy;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        EnsureShapes(output, batch);
        Tensor losses = CrossEntropy(output, batch.Targets, batch.Weights);
        return batch.Weights is { } weights ? MeanOfSamples(losses, weights) : losses;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        return [new(Measurement.Accuracy, output.argmax(1).eq(batch.Targets))];
    }

    /// <summary>Refuses outputs and targets that are not one class per sample.</summary>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    internal static void EnsureShapes(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        if (output.ndim != 2 || batch.Targets.ndim != 1 || output.shape[0] != batch.Targets.shape[0])
        {
            throw new ArgumentException(
                "Classification needs outputs [batch, classes] and targets [batch]. Given: "
                + $"outputs [{string.Join(", ", output.shape)}], targets [{string.Join(", ", batch.Targets.shape)}].",
                nameof(output));
        }
    }
}
