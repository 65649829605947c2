using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ImplicitNet.Measurements;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Images to be restored: batches of pairs of what a noisy instrument measured and the image itself, <c>y = A x + deviation n</c>. For
/// <see cref="Tasks.Restoration"/>.
/// </summary>
/// <remarks>
/// Inputs are the measurements, [batch, ...] as the operator gives them; targets the images, [batch, channels, height, width], bytes over
/// 255; both float32. The noise n of every number is nearly normal (<see cref="RandomNumbers.NextNormal"/>, within 3.5 deviations), a
/// function of seed, part, index and, in training, epoch: it is new in every epoch, always the same in evaluation, and a run resumes at any
/// step.
/// </remarks>
public sealed class MeasuredImages : IndexedBatches
{
    // The stream numbers of a part: 32 bits hold four parts.
    private const int MostSamples = 1 << 30;
    private const int IdentitySamples = 4;

    private readonly Lazy<string> _checksum;

    /// <summary>Measures images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="measurement">A; it must take images of their size.</param>
    /// <param name="noise">Standard deviation of the noise, in the units of the measurement; at least 0 and finite.</param>
    /// <param name="batchSize">Images in a batch; at least 1. The last batch of an epoch holds what is left.</param>
    /// <param name="seed">Seed of the noise and of the order; any value.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside its range.</exception>
    public MeasuredImages(ImageDataset images, MeasurementOperator measurement, double noise, int batchSize = 64, long seed = 1)
        : base((images ?? throw new ArgumentNullException(nameof(images))).Name, images.Count, batchSize, seed)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(images.Count, MostSamples);
        Images = images;
        Measurement = measurement;
        Noise = noise is >= 0 and < double.PositiveInfinity
            ? noise
            : throw new ArgumentOutOfRangeException(nameof(noise), noise, "The deviation of the noise must be at least 0 and finite.");
        _checksum = new Lazy<string>(() => ContentIdentity.Of(AddFirst));
    }

    /// <summary>The images.</summary>
    public ImageDataset Images { get; }

    /// <summary>What measures them.</summary>
    public MeasurementOperator Measurement { get; }

    /// <summary>Standard deviation of the noise.</summary>
    public double Noise { get; }

    /// <summary>The part that the samples belong to, which decides their noise; default: those to train on.</summary>
    public DataPart Part
    {
        get;
        init => field = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Part), value, "There are the parts Training, Validation and Test.");
    }

    /// <summary>Where batches are put; default: the processor, on which they are made.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>All options, and a checksum of the first measurements, which the operator decides.</summary>
    public override object Identity => new MeasuredIdentity
    {
        BatchSize = BatchSize,
        Seed = Seed,
        Part = Part,
        Noise = Noise,
        ChecksumOfFirst = _checksum.Value,
    };

    /// <summary>A measurement with noise added, as of a sample of one's own.</summary>
    /// <param name="measurement">[batch, ...], float32 and on the processor.</param>
    /// <param name="deviation">Standard deviation of the noise.</param>
    /// <param name="randomOf">The random numbers of each sample, by its row.</param>
    /// <returns>A new tensor of the same shape, in the caller's dispose scope.</returns>
    internal static Tensor WithNoise(Tensor measurement, double deviation, Func<int, RandomNumbers> randomOf)
    {
        Tensor noisy = measurement.detach().clone().contiguous();
        Span<float> values = MemoryMarshal.Cast<byte, float>(noisy.bytes);
        int rows = (int)noisy.shape[0], size = rows == 0 ? 0 : values.Length / rows;
        for (int row = 0; deviation > 0 && row < rows; row++)
        {
            RandomNumbers random = randomOf(row);
            foreach (ref float value in values.Slice(row * size, size))
            {
                value += (float)(deviation * random.NextNormal());
            }
        }

        return noisy;
    }

    /// <inheritdoc/>
    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor pixels = empty(indices.Length, Images.Height, Images.Width, Images.Channels, dtype: ScalarType.Byte);
        Span<byte> bytes = pixels.bytes;
        for (int row = 0; row < indices.Length; row++)
        {
            Images.Image(indices[row]).CopyTo(bytes.Slice(row * Images.ImageSize, Images.ImageSize));
        }

        Tensor images = (pixels.permute(0, 3, 1, 2).contiguous().to(ScalarType.Float32) / 255).contiguous();
        int[] numbers = indices.ToArray();
        ulong key = RandomNumbers.Key(Seed, RandomPurpose.Noise, epoch is { } number ? number + 1 : 0);
        Tensor measured = WithNoise(
            Measurement.Apply(images), Noise, row => new RandomNumbers(key, ((uint)Part * MostSamples) + (uint)numbers[row]));
        return new Batch(measured.to(Device), images.to(Device));
    }

    private void AddFirst(IncrementalHash checksum)
    {
        if (Count == 0)
        {
            return;
        }

        using Batch batch = First(IdentitySamples);
        batch.Convert(ScalarType.Float32, CPU);
        int[] rows = [.. Enumerable.Range(0, batch.Count)];
        new TensorRows(batch.Inputs).AddTo(checksum, rows);
        new TensorRows(batch.Targets).AddTo(checksum, rows);
    }

    private sealed record MeasuredIdentity
    {
        public required int BatchSize { get; init; }

        public required long Seed { get; init; }

        public required DataPart Part { get; init; }

        public required double Noise { get; init; }

        public required string ChecksumOfFirst { get; init; }
    }
}
