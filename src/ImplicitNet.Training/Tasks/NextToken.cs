using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// The next token at every place of a sequence: outputs are logits, [batch, time, vocabulary], targets the numbers of the tokens, integers
/// [batch, time]. The loss of a sample is the mean cross-entropy of its places, in nats per token; "tokens" is the share of tokens
/// predicted correctly. The best epoch has the smallest loss.
/// </summary>
/// <remarks>
/// <see cref="Batch.Weights"/>, if there are any, are one per token, [batch, time]: tokens of weight 0, such as padding, do not count.
/// </remarks>
public sealed record NextToken : TrainingTask
{
    internal const string Tokens = "tokens";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        EnsureShapes(output, batch);
        Tensor losses = CrossEntropy(output.flatten(0, 1), batch.Targets.flatten(), batch.Weights?.flatten());
        return MeanOfSamples(losses.reshape(batch.Targets.shape), batch.Weights);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        EnsureShapes(output, batch);
        return [new(Tokens, MeanOfSamples(output.argmax(2).eq(batch.Targets).to(ScalarType.Float64), batch.Weights))];
    }

    private static void EnsureShapes(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        bool fits = output.ndim == 3 && batch.Targets.ndim == 2 && output.shape.AsSpan(0, 2).SequenceEqual(batch.Targets.shape)
            && (batch.Weights is null || batch.Weights.shape.AsSpan().SequenceEqual(batch.Targets.shape));
        if (!fits)
        {
            string weights = batch.Weights is { } given ? $", weights [{string.Join(", ", given.shape)}]" : "";
            throw new ArgumentException(
                "The next token needs outputs [batch, time, vocabulary], and targets and weights [batch, time]. Given: "
                + $"outputs [{string.Join(", ", output.shape)}], targets [{string.Join(", ", batch.Targets.shape)}]{weights}.",
                nameof(output));
        }
    }
}
