using System.Runtime.InteropServices;
using ImplicitNet.Training.Data.Augmentations;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>Reads batches from a data set: shuffled by epoch to train on, in order to evaluate on.</summary>
/// <remarks>
/// It keeps no state between batches: a batch is a function of the data, the options, the epoch and the step, so that a run may resume at
/// any step of any epoch. Safe to read from several threads at once.
/// </remarks>
public sealed class BatchSource
{
    private readonly float[][] _tables;
    private readonly float[] _blackRow;
    private readonly AugmentationList _augmentations;

    /// <summary>Reads from <paramref name="dataset"/> as <paramref name="options"/> say.</summary>
    /// <exception cref="ArgumentException">
    /// The normalisation is one of another number of channels, or the options ask for two shifts.
    /// </exception>
    public BatchSource(ImageDataset dataset, BatchOptions options)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(options);
        if (!options.Normalization.Mean.Fit(dataset.Channels))
        {
            throw new ArgumentException(
                $"{dataset.Name} has {dataset.Channels} channels; the normalisation has {options.Normalization.Mean.Count}.", nameof(
                    options));
        }

        Dataset = dataset;
        Options = options;
        _tables = [.. Enumerable.Range(0, dataset.Channels).Select(options.Normalization.Table)];
        _blackRow = [.. Enumerable.Repeat(_tables.Select(table => table[0]), dataset.Width).SelectMany(pixel => pixel)];
        _augmentations = options.MaximumShift == 0
            ? options.Augmentations
            : [new RandomShift { Maximum = options.MaximumShift }, .. options.Augmentations];
    }

    /// <summary>The images read from.</summary>
    public ImageDataset Dataset { get; }

    /// <summary>How batches are cut.</summary>
    public BatchOptions Options { get; }

    /// <summary>Batches in one pass over the data, the last and perhaps smaller one included.</summary>
    public int StepsPerEpoch => (int)(((long)Dataset.Count + Options.BatchSize - 1) / Options.BatchSize);

    /// <summary>The order of one epoch: a permutation of all indices, a function of the seed, the epoch and the number of images.</summary>
    /// <param name="epoch">Number of the epoch; at least 0.</param>
    public int[] Order(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] order = [.. Enumerable.Range(0, Dataset.Count)];
        new RandomStream(RandomStream.Key(Options.Seed, RandomPurpose.EpochOrder, epoch), 0).Shuffle(order);
        return order;
    }

    /// <summary>The batches of one epoch, shuffled and augmented, one at a time; the caller owns each.</summary>
    /// <param name="epoch">Number of the epoch; at least 0.</param>
    /// <param name="firstStep">The step to begin at, from 0 to <see cref="StepsPerEpoch"/>.</param>
    public IEnumerable<Batch> Epoch(int epoch, int firstStep = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstStep, StepsPerEpoch);
        int[] order = Order(epoch);
        return Cut(order, firstStep, new EpochAugmenter(_augmentations, Options.Seed, epoch));
    }

    /// <summary>All images in the order of the data set, as they are, in batches one at a time; the caller owns each.</summary>
    public IEnumerable<Batch> InOrder() => Cut([.. Enumerable.Range(0, Dataset.Count)], 0, null);

    /// <summary>One batch of the chosen images, as they are; the caller owns it.</summary>
    /// <param name="indices">At least one index; one may come more than once.</param>
    /// <exception cref="ArgumentException">No index is given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of one of the indices.</exception>
    public Batch Read(ReadOnlySpan<int> indices) => Read(indices, null);

    private IEnumerable<Batch> Cut(int[] order, int firstStep, EpochAugmenter? augmenter)
    {
        for (long start = (long)firstStep * Options.BatchSize; start < order.Length; start += Options.BatchSize)
        {
            int count = (int)Math.Min(Options.BatchSize, order.Length - start);
            yield return Read(order.AsSpan((int)start, count), augmenter);
        }
    }

    private Batch Read(ReadOnlySpan<int> indices, EpochAugmenter? augmenter)
    {
        if (indices.IsEmpty)
        {
            throw new ArgumentException("A batch needs one image at least.", nameof(indices));
        }

        foreach (int index in indices)
        {
            _ = Dataset.Label(index); // refuses an index that is not there, before a tensor is made
        }

        using IDisposable scope = NewDisposeScope();
        Tensor images = empty(indices.Length, Dataset.Height, Dataset.Width, Dataset.Channels, dtype: ScalarType.Float32);
        Tensor labels = empty(indices.Length, dtype: ScalarType.Int64);
        Tensor ids = empty(indices.Length, dtype: ScalarType.Int64);
        WriteImages(indices, augmenter, MemoryMarshal.Cast<byte, float>(images.bytes));
        Span<long> labelValues = MemoryMarshal.Cast<byte, long>(labels.bytes);
        Span<long> idValues = MemoryMarshal.Cast<byte, long>(ids.bytes);
        for (int row = 0; row < indices.Length; row++)
        {
            labelValues[row] = Dataset.Label(indices[row]);
            idValues[row] = indices[row];
        }

        // [batch, height, width, channels] seen as [batch, channels, height, width]: that is channels-last memory.
        return new Batch(images.permute(0, 3, 1, 2).to(Options.Device), labels.to(Options.Device), ids.to(Options.Device));
    }

    private void WriteImages(ReadOnlySpan<int> indices, EpochAugmenter? augmenter, Span<float> values)
    {
        foreach (int index in indices)
        {
            Span<float> image = values[..Dataset.ImageSize];
            Normalize(Dataset.Image(index), image);
            augmenter?.Apply(index, new AugmentedImage(image, _blackRow, Dataset.Width));
            values = values[image.Length..];
        }
    }

    private void Normalize(ReadOnlySpan<byte> pixels, Span<float> values)
    {
        for (int channel = 0; channel < _tables.Length; channel++)
        {
            float[] table = _tables[channel];
            for (int place = channel; place < pixels.Length; place += _tables.Length)
            {
                values[place] = table[pixels[place]];
            }
        }
    }
}
