using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ImplicitNet.Training.Data;

/// <summary>Labelled images of one size, held in memory as bytes; immutable, and so safe to read from any thread.</summary>
/// <remarks>Pixels run from 0 to 255 and lie as [count, height, width, channels], the channel varying fastest.</remarks>
public sealed class ImageDataset
{
    private readonly ImmutableArray<byte> _pixels;
    private readonly ImmutableArray<byte> _labels;

    /// <summary>Takes the images and their labels without copying them.</summary>
    /// <param name="name">A name for messages, such as "MNIST train".</param>
    /// <param name="height">Rows of one image; at least 1.</param>
    /// <param name="width">Columns of one image; at least 1.</param>
    /// <param name="channels">Values of one pixel; at least 1.</param>
    /// <param name="classCount">Number of classes, from 1 to 256; every label lies below it.</param>
    /// <param name="pixels">All pixels, [count, height, width, channels].</param>
    /// <param name="labels">One label for each image.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size lies outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// The numbers of pixels and labels do not fit, or a label is not below <paramref name="classCount"/>.
    /// </exception>
    public ImageDataset(
        string name, int height, int width, int channels, int classCount, ImmutableArray<byte> pixels, ImmutableArray<byte> labels)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, 256);
        if (pixels.IsDefault || labels.IsDefault)
        {
            throw new ArgumentException("The pixels and the labels must be given.", pixels.IsDefault ? nameof(pixels) : nameof(labels));
        }

        if (pixels.Length != (Int128)labels.Length * height * width * channels)
        {
            throw new ArgumentException(
                $"{labels.Length} images of {height} x {width} x {channels} were announced, and {pixels.Length} pixels given.", nameof(
                    pixels));
        }

        for (int index = 0; index < labels.Length; index++)
        {
            if (labels[index] >= classCount)
            {
                throw new ArgumentException($"Label {labels[index]} of image {index} is not below {classCount}.", nameof(labels));
            }
        }

        Name = name;
        Height = height;
        Width = width;
        Channels = channels;
        ClassCount = classCount;
        _pixels = pixels;
        _labels = labels;
    }

    /// <summary>The name used in messages.</summary>
    public string Name { get; }

    /// <summary>Number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>Rows of one image, in pixels.</summary>
    public int Height { get; }

    /// <summary>Columns of one image, in pixels.</summary>
    public int Width { get; }

    /// <summary>Values of one pixel.</summary>
    public int Channels { get; }

    /// <summary>Number of classes; every label lies below it.</summary>
    public int ClassCount { get; }

    /// <summary>Bytes of one image: height x width x channels.</summary>
    public int ImageSize => Height * Width * Channels;

    /// <summary>All pixels, [count, height, width, channels].</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.AsSpan();

    /// <summary>All labels, [count].</summary>
    public ReadOnlySpan<byte> Labels => _labels.AsSpan();

    /// <summary>The pixels of one image, [height, width, channels].</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of that index.</exception>
    public ReadOnlySpan<byte> Image(int index)
    {
        CheckIndex(index);
        return _pixels.AsSpan().Slice(index * ImageSize, ImageSize);
    }

    /// <summary>The label of one image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of that index.</exception>
    public int Label(int index)
    {
        CheckIndex(index);
        return _labels[index];
    }

    /// <summary>A copy of the chosen images, in the order given; an index may come more than once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of one of the indices.</exception>
    public ImageDataset Subset(string name, ReadOnlySpan<int> indices)
    {
        byte[] pixels = new byte[checked(indices.Length * ImageSize)];
        byte[] labels = new byte[indices.Length];
        for (int row = 0; row < indices.Length; row++)
        {
            Image(indices[row]).CopyTo(pixels.AsSpan(row * ImageSize));
            labels[row] = _labels[indices[row]];
        }

        return new ImageDataset(
            name, Height, Width, Channels, ClassCount,
            ImmutableCollectionsMarshal.AsImmutableArray(pixels), ImmutableCollectionsMarshal.AsImmutableArray(labels));
    }

    /// <summary>A copy of <paramref name="count"/> images from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the data set.</exception>
    public ImageDataset Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - start);
        return new ImageDataset(
            Name, Height, Width, Channels, ClassCount,
            _pixels.Slice(start * ImageSize, count * ImageSize), _labels.Slice(start, count));
    }

    private void CheckIndex(int index)
    {
        if ((uint)index >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"{Name} has {Count} images.");
        }
    }
}
