using System.Runtime.InteropServices;
using ImplicitNet.Training.Data.Augmentations;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Batches of labelled images: shuffled and augmented in every epoch for training, in order and unchanged for evaluation.
/// </summary>
/// <remarks>
/// Inputs are normalised, float32, [batch, channels, height, width] in channels-last memory; targets are the labels, int64, [batch].
/// </remarks>
public sealed class ImageBatches : IndexedBatches
{
    private readonly float[][] _tables;
    private readonly float[] _blackRow;
    private readonly AugmentationList _augmentations;

    /// <summary>Cuts <paramref name="dataset"/> into batches as <paramref name="options"/> say.</summary>
    /// <exception cref="ArgumentException">
    /// The normalisation is for a different number of channels, or the options ask for two shifts.
    /// </exception>
    public ImageBatches(ImageDataset dataset, BatchOptions options)
        : base(
            (dataset ?? throw new ArgumentNullException(nameof(dataset))).Name, dataset.Count,
            (options ?? throw new ArgumentNullException(nameof(options))).BatchSize, options.Seed)
    {
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

    /// <summary>The <see cref="Options"/>.</summary>
    public override object Identity => Options;

    /// <inheritdoc/>
    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        EpochAugmenter? augmenter = epoch is { } number ? new EpochAugmenter(_augmentations, Seed, number) : null;
        using IDisposable scope = NewDisposeScope();
        Tensor images = empty(indices.Length, Dataset.Height, Dataset.Width, Dataset.Channels, dtype: ScalarType.Float32);
        Tensor labels = empty(indices.Length, dtype: ScalarType.Int64);
        WriteImages(indices, augmenter, MemoryMarshal.Cast<byte, float>(images.bytes));
        Span<long> labelValues = MemoryMarshal.Cast<byte, long>(labels.bytes);
        for (int row = 0; row < indices.Length; row++)
        {
            labelValues[row] = Dataset.Label(indices[row]);
        }

        // [batch, height, width, channels] seen as [batch, channels, height, width]: that is channels-last memory.
        return new Batch(images.permute(0, 3, 1, 2).to(Options.Device), labels.to(Options.Device));
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
