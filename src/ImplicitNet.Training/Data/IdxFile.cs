using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ImplicitNet.Training.Data;

/// <summary>
/// Reads images and labels in the IDX format, plain or packed with gzip in one piece (told apart by their first bytes, whatever the name).
/// A file is a magic number, one size for each dimension (all 32-bit, most significant byte first), then one byte per value.
/// </summary>
/// <remarks>
/// Nothing in a file is trusted: memory grows with the data that arrive, never with the sizes announced, and no file may unpack to more
/// than <see cref="MaximumBytes"/>. Every fault of a file is a <see cref="DataFileException"/>.
/// </remarks>
public static class IdxFile
{
    /// <summary>The most bytes of values that a file may announce: 2^30.</summary>
    public const long MaximumBytes = 1L << 30;

    // Two zero bytes, the type code 8 (unsigned byte), the number of dimensions.
    private const uint ImagesMagic = 0x0803;
    private const uint LabelsMagic = 0x0801;

    /// <summary>Reads a file of images.</summary>
    /// <exception cref="DataFileException">The file cannot be read, or is not a whole IDX file of images and nothing more.</exception>
    public static IdxImages ReadImages(string path) => Read(path, ReadImages);

    /// <summary>Reads images from a stream, from where it stands to its end.</summary>
    /// <param name="stream">A stream that can seek; it stays open.</param>
    /// <param name="name">The name that messages give it.</param>
    /// <exception cref="DataFileException">The stream cannot be read, or is not a whole IDX file of images and nothing more.</exception>
    public static IdxImages ReadImages(Stream stream, string name)
    {
        using IdxStream source = new(stream, name);
        source.ExpectMagic(ImagesMagic, "images");
        int count = source.ReadSize("number of images");
        int height = source.ReadSize("number of rows");
        int width = source.ReadSize("number of columns");
        byte[] pixels = source.ReadToEnd((Int128)count * height * width, $"{count} images of {height} x {width}");
        return new IdxImages(count, height, width, ImmutableCollectionsMarshal.AsImmutableArray(pixels));
    }

    /// <summary>Reads a file of labels.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classCount">Number of classes; every label must lie below it.</param>
    /// <exception cref="DataFileException">
    /// The file cannot be read, is not a whole IDX file of labels and nothing more, or has a label out of range.
    /// </exception>
    public static ImmutableArray<byte> ReadLabels(string path, int classCount) =>
        Read(path, (stream, name) => ReadLabels(stream, name, classCount));

    /// <summary>Reads labels from a stream, from where it stands to its end.</summary>
    /// <param name="stream">A stream that can seek; it stays open.</param>
    /// <param name="name">The name that messages give it.</param>
    /// <param name="classCount">Number of classes, from 1 to 256; every label must lie below it.</param>
    /// <exception cref="DataFileException">
    /// The stream cannot be read, is not a whole IDX file of labels and nothing more, or has a label out of range.
    /// </exception>
    public static ImmutableArray<byte> ReadLabels(Stream stream, string name, int classCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, 256);
        using IdxStream source = new(stream, name);
        source.ExpectMagic(LabelsMagic, "labels");
        int count = source.ReadSize("number of labels");
        byte[] labels = source.ReadToEnd(count, $"{count} labels");
        for (int index = 0; index < labels.Length; index++)
        {
            if (labels[index] >= classCount)
            {
                throw source.Fault(8 + index, $"label {labels[index]} of image {index} is out of range: expected 0 to {classCount - 1}.");
            }
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(labels);
    }

    /// <summary>Reads a file of images and the file of their labels.</summary>
    /// <param name="name">The name of the data set.</param>
    /// <param name="imagesPath">The file of images.</param>
    /// <param name="labelsPath">The file of labels.</param>
    /// <param name="classCount">Number of classes, from 1 to 256; every label must lie below it.</param>
    /// <exception cref="DataFileException">A file is at fault, or the two do not hold the same number.</exception>
    public static ImageDataset ReadDataset(string name, string imagesPath, string labelsPath, int classCount)
    {
        ImmutableArray<byte> labels = ReadLabels(labelsPath, classCount);
        IdxImages images = ReadImages(imagesPath);
        if (images.Count != labels.Length)
        {
            throw new DataFileException(
                imagesPath, 4, $"found {images.Count} images, expected {labels.Length}, the number of labels in {labelsPath}.");
        }

        return new ImageDataset(name, images.Height, images.Width, 1, classCount, images.Pixels, labels);
    }

    private static T Read<T>(string path, Func<Stream, string, T> read)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return read(stream, path);
        }
        catch (Exception cause) when (cause is (IOException and not DataFileException) or UnauthorizedAccessException)
        {
            throw new DataFileException(path, null, $"the file cannot be read: {cause.Message}", cause);
        }
    }
}
