using ImplicitNet.Training.Data;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>
/// Images or signals to be restored: outputs and targets [batch, ...] of the same shape. The loss of a sample is its mean squared error;
/// "psnr", the peak signal-to-noise ratio <c>10 log10(Peak^2 / MSE)</c> in decibels, is averaged over samples and chooses the best epoch; a
/// sample counts with 120 dB at most, since one that is exact would outweigh all others. Of images, [batch, channels, height, width],
/// "ssim" too, the structural similarity of Wang et al. (2004): Gaussian windows of 11 x 11 and deviation 1.5 (the largest of odd side that
/// fits in smaller images), K1 = 0.01, K2 = 0.03, averaged over places and channels.
/// </summary>
/// <remarks><see cref="Batch.Weights"/> are one per sample, [batch], and used for the loss only.</remarks>
public sealed record Restoration : TrainingTask
{
    private const string Psnr = "psnr";
    private const string Ssim = "ssim";

    // About what float32 resolves.
    private const double MostDecibels = 120;

    /// <summary>The largest value that a target can have; above 0 and finite; default 1.</summary>
    public double Peak
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Peak), value, "The peak must be above 0 and finite.");
    } = 1;

    /// <inheritdoc/>
    public override Score Score => new(Psnr, IsHigherBetter: true);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override Tensor Losses(Tensor output, Batch batch)
    {
        Tensor errors = MeanOfSamples(SquaredErrors(output, batch), null);
        return batch.Weights is { } weights ? MeanOfSamples(errors, weights) : errors;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch)
    {
        Tensor errors = MeanOfSamples(SquaredErrors(output, batch).to(ScalarType.Float64), null);
        Measurement psnr = new(Psnr, (10 * (Peak * Peak / errors).log10()).clamp(max: MostDecibels));
        return output.ndim == 4
            ? [psnr, new(Ssim, StructuralSimilarity.Of(output, TargetsLike(output, batch), Peak))]
            : [psnr];
    }

    private static Tensor SquaredErrors(Tensor output, Batch batch)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(batch);
        return (output - TargetsLike(output, batch).to(output.dtype)).square();
    }
}
