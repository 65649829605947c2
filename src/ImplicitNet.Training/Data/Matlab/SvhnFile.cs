using System.Globalization;
using System.Runtime.InteropServices;

namespace ImplicitNet.Training.Data.Matlab;

/// <summary>Reads a file of SVHN: the array X, uint8 [32, 32, 3, images], and the array y, labels 1 to 10, [images, 1].</summary>
internal static class SvhnFile
{
    public const int ClassCount = 10;

    private const int Size = 32;
    private const int Channels = 3;
    private const int ImageBytes = Size * Size * Channels;
    private const int MaximumImages = 1 << 18;
    private const int FirstImages = 1 << 8;

    /// <exception cref="DataFileException">The file cannot be read, or is no such file.</exception>
    public static ImageDataset Read(string path, string name)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream, path, name);
        }
        catch (Exception cause) when (cause is (IOException and not DataFileException) or UnauthorizedAccessException)
        {
            throw new DataFileException(path, null, $"the file cannot be read: {cause.Message}", cause);
        }
    }

    /// <param name="stream">A stream that can seek; it stays open.</param>
    /// <param name="path">The name that messages give it.</param>
    /// <param name="name">The name of the data set.</param>
    /// <exception cref="DataFileException">The stream is no such file.</exception>
    public static ImageDataset Read(Stream stream, string path, string name)
    {
        MatFile file = new(stream, path);
        byte[]? pixels = null;
        byte[]? labels = null;
        file.ReadArrays(array =>
        {
            switch (array.Name)
            {
                case "X":
                    pixels = pixels is null ? Images(array) : throw array.Fault("the array X is there twice.");
                    break;
                case "y":
                    labels = labels is null ? Labels(array) : throw array.Fault("the array y is there twice.");
                    break;
                default:
                    break;
            }
        });
        if (pixels is null || labels is null)
        {
            throw new DataFileException(
                path, null, $"there is no array {(pixels is null ? "X" : "y")}; a file of SVHN holds the images X and the labels y.");
        }

        if (pixels.Length != labels.Length * ImageBytes)
        {
            throw new DataFileException(path, null, $"X holds {pixels.Length / ImageBytes} images, and y {labels.Length} labels.");
        }

        return new ImageDataset(
            name, Size, Size, Channels, ClassCount,
            ImmutableCollectionsMarshal.AsImmutableArray(pixels), ImmutableCollectionsMarshal.AsImmutableArray(labels));
    }

    private static byte[] Images(MatArray array)
    {
        // MATLAB leaves a last dimension of 1 away.
        if (array.Sizes is not ([Size, Size, Channels] or [Size, Size, Channels, >= 1 and <= MaximumImages]))
        {
            throw array.Fault($"X is {array.Shape}, expected {Size} x {Size} x {Channels} x 1 to {MaximumImages}.");
        }

        int count = array.Sizes.Count == 4 ? array.Sizes[3] : 1;
        array.BeginBytes(count * ImageBytes);
        byte[] pixels = new byte[Math.Min(count, FirstImages) * ImageBytes];
        Span<byte> columns = stackalloc byte[ImageBytes];
        for (int index = 0; index < count; index++)
        {
            // Memory grows with the data that arrive, not with the size announced.
            if (index * ImageBytes == pixels.Length)
            {
                Array.Resize(ref pixels, Math.Min(2 * index, count) * ImageBytes);
            }

            array.ReadBytes(columns);
            ByPixels(columns, pixels.AsSpan(index * ImageBytes, ImageBytes));
        }

        array.End();
        return pixels;
    }

    // From columns of each channel to rows of pixels.
    private static void ByPixels(ReadOnlySpan<byte> columns, Span<byte> pixels)
    {
        int place = 0;
        for (int row = 0; row < Size; row++)
        {
            for (int column = 0; column < Size; column++)
            {
                int source = (column * Size) + row;
                pixels[place] = columns[source];
                pixels[place + 1] = columns[source + (Size * Size)];
                pixels[place + 2] = columns[source + (2 * Size * Size)];
                place += Channels;
            }
        }
    }

    private static byte[] Labels(MatArray array)
    {
        if (array.Sizes is not ([>= 1 and <= MaximumImages, 1] or [1, >= 1 and <= MaximumImages]))
        {
            throw array.Fault($"y is {array.Shape}, expected 1 to {MaximumImages} x 1.");
        }

        double[] values = array.ReadNumbers(array.Sizes[0] * array.Sizes[1]);
        byte[] labels = new byte[values.Length];
        for (int index = 0; index < labels.Length; index++)
        {
            labels[index] = values[index] is >= 1 and <= ClassCount && double.IsInteger(values[index])
                ? (byte)(values[index] % ClassCount)
                : throw array.Fault(string.Create(
                    CultureInfo.InvariantCulture,
                    $"label {values[index]} of image {index} is out of range: expected 1 to {ClassCount}, which stands for 0."));
        }

        array.End();
        return labels;
    }
}
