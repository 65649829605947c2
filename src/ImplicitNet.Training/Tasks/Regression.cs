using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// Numbers: outputs and targets [batch, ...] of the same shape, where [batch] and [batch, 1] count as the same. The loss of a sample is the
/// mean of its squared errors, in the squared units of the targets; "absolute error" is the mean of the absolute errors. The best epoch has
/// the smallest loss.
/// </summary>
/// <remarks><see cref="Batch.Weights"/> are one per sample, [batch], or one per element, in the shape of the targets.</remarks>
public sealed record Regression : TrainingTask
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override Tensor Losses(Tensor output, Batch batch) => MeanOfSamples(Errors(output, batch).square(), WeightsLike(output, batch));

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) =>
        [new("absolute error", MeanOfSamples(Errors(output, batch).abs(), WeightsLike(output, batch)))];

    private static Tensor Errors(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        return output - TargetsLike(output, batch).to(output.dtype);
    }

    private static Tensor? WeightsLike(Tensor output, Batch batch) =>
        batch.Weights is { } weights && weights.ndim > 1 && weights.shape.AsSpan().SequenceEqual(batch.Targets.shape)
            ? weights.reshape(output.shape)
            : batch.Weights;
}
