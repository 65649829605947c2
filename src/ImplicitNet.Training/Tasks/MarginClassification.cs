using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// One class per sample, with a margin: for networks whose outputs move by no more than their inputs, so that an answer whose output leads
/// all others by <c>sqrt(2) r</c> is the same for every input within r. Outputs are [batch, classes], targets the numbers of the classes,
/// integers [batch].
/// </summary>
/// <remarks>
/// The loss is <c>T</c> times the cross-entropy, in nats, of <c>(y - sqrt(2) margin e) / T</c>, e being 1 at the right class and 0
/// elsewhere and T the temperature: about <c>max(0, sqrt(2) margin - lead)</c> where T is small (Prach and Lampert, ECCV 2022). It is
/// multiplied by <see cref="Batch.Weights"/> where there are any. The best epoch has the highest accuracy; "within" is the share of
/// samples that are right by the margin.
/// </remarks>
public sealed record MarginClassification : TrainingTask
{
    /// <summary>What samples are counted that are right by the margin.</summary>
    public const string Within = "within";

    /// <summary>The radius that is aimed at, in the units of the inputs; at least 0 and finite; default 1.2.</summary>
    public double Margin
    {
        get;
        init => field = value is >= 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Margin), value, "The margin must be finite and at least 0.");
    } = 1.2;

    /// <summary>How far beyond the margin samples still pull, in the units of the outputs; above 0 and finite; default 0.15.</summary>
    public double Temperature
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Temperature), value, "The temperature must be finite and above 0.");
    } = 0.15;

    /// <inheritdoc/>
    public override Score Score => Score.Accuracy;

    private double Lead => Math.Sqrt(2) * Margin;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described, or a target is no class.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        Classification.EnsureShapes(output, batch);
        Tensor handicapped = (output - (RightClass(output, batch) * Lead)) / Temperature;
        Tensor losses = CrossEntropy(handicapped, batch.Targets, batch.Weights) * Temperature;
        return batch.Weights is { } weights ? MeanOfSamples(losses, weights) : losses;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes are not as described.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        Classification.EnsureShapes(output, batch);
        Tensor handicapped = output - (RightClass(output, batch) * Lead);
        return
        [
            new(Measurement.Accuracy, output.argmax(1).eq(batch.Targets)),
            new(Within, handicapped.argmax(1).eq(batch.Targets)),
        ];
    }

    /// <summary>1 at the right class, 0 elsewhere: [batch, classes].</summary>
    private static Tensor RightClass(Tensor output, Batch batch) =>
        arange(output.shape[1], device: output.device).unsqueeze(0).eq(batch.Targets.unsqueeze(1)).to(output.dtype);
}
