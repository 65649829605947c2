using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// What a network is trained for: the loss of every sample, what else is measured, and which number chooses the best epoch.
/// </summary>
/// <remarks>
/// A task of your own is one class with one method, <see cref="Losses"/>. Its public properties are part of what identifies a run to its
/// checkpoints. It runs in a dispose scope of the caller, so nothing needs to be disposed.
/// </remarks>
public abstract record TrainingTask
{
    /// <summary>The loss of every sample, in the graph of the outputs; training minimises their mean.</summary>
    /// <param name="output">What the network answered: [batch, ...].</param>
    /// <param name="batch">The inputs, targets and weights.</param>
    /// <returns>One loss per sample, floating point: [batch].</returns>
    public abstract Tensor Losses(Tensor output, Batch batch);

    /// <summary>What is measured for every sample besides its loss, without a graph; by default nothing.</summary>
    /// <param name="output">What the network answered: [batch, ...].</param>
    /// <param name="batch">The inputs, targets and weights.</param>
    /// <returns>The measurements, with the same names for every batch.</returns>
    public virtual IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [];

    /// <summary>The number that chooses the best epoch; among equal ones the loss decides. Default: the loss.</summary>
    public virtual Score Score => Score.Loss;

    /// <summary>The mean of every sample's elements, weighted if there are weights.</summary>
    /// <param name="elements">One number per element: [batch, ...].</param>
    /// <param name="weights">
    /// Null; or one per sample, [batch], by which its mean is multiplied; or one per element, in the shape of the elements and at least 0,
    /// for the weighted mean, which is 0 for a sample whose weights are all 0.
    /// </param>
    /// <returns>[batch], in the graph of the elements.</returns>
    /// <exception cref="ArgumentException">The weights have a different shape.</exception>
    protected static Tensor MeanOfSamples(Tensor elements, Tensor? weights)
    {
        Tensor rows = elements.ndim == 1 ? elements.unsqueeze(1) : elements.flatten(1);
        if (weights is null)
        {
            return rows.mean([1]);
        }

        if (weights.ndim == 1 && weights.shape[0] == rows.shape[0])
        {
            return rows.mean([1]) * weights.to(rows.dtype);
        }

        if (!weights.shape.AsSpan().SequenceEqual(elements.shape))
        {
            throw new ArgumentException(
                $"Weights are one a sample or one an element, [{string.Join(", ", elements.shape)}]. "
                + $"Given: [{string.Join(", ", weights.shape)}].",
                nameof(weights));
        }

        Tensor shares = weights.to(rows.dtype).reshape(rows.shape);
        Tensor sums = shares.sum(1);
        return (rows * shares).sum(1) / where(sums == 0, ones_like(sums), sums);
    }

    /// <summary>
    /// The cross-entropy of every answer, in nats; classes of any integer type. What has weight 0 may be of any class; of the rest none is
    /// passed over: torch by itself gives -100 a loss of 0, which a mean then counts as a right answer.
    /// </summary>
    private protected static Tensor CrossEntropy(Tensor logits, Tensor classes, Tensor? weights)
    {
        Tensor numbers = classes.is_integral() ? classes.to(ScalarType.Int64) : classes;
        Tensor known = weights is not null && weights.shape.AsSpan().SequenceEqual(classes.shape)
            ? numbers.masked_fill(weights.eq(0), 0)
            : numbers;
        return nn.functional.cross_entropy(logits, known, ignore_index: long.MinValue, reduction: nn.Reduction.None);
    }

    /// <summary>
    /// The targets in the shape of the outputs. Shapes that differ only in sizes of 1 count as the same, such as [64] and [64, 1]; others
    /// are refused, since torch would compare every output with every target.
    /// </summary>
    /// <param name="output">[batch, ...].</param>
    /// <param name="batch">The batch whose targets are used.</param>
    /// <exception cref="ArgumentException">The shapes differ otherwise.</exception>
    protected static Tensor TargetsLike(Tensor output, Batch batch)
    {
        Tensor targets = batch.Targets;
        if (targets.shape.AsSpan().SequenceEqual(output.shape))
        {
            return targets;
        }

        return targets.shape.Where(size => size != 1).SequenceEqual(output.shape.Where(size => size != 1))
            ? targets.reshape(output.shape)
            : throw new ArgumentException(
                $"Outputs and targets must have one shape. Given: outputs [{string.Join(", ", output.shape)}], "
                + $"targets [{string.Join(", ", targets.shape)}].",
                nameof(batch));
    }
}
