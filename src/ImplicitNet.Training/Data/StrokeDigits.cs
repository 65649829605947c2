using System.Runtime.InteropServices;
using ImplicitNet.Training.Data.Drawing;

namespace ImplicitNet.Training.Data;

/// <summary>
/// A data set that needs no file: digits that look handwritten, drawn from stroke models with random shapes, affine and elastic
/// deformation, pen and noise. 28 x 28, one channel, ten classes, bright ink on black.
/// </summary>
/// <remarks>
/// Reproducible to the byte: the drawing uses whole numbers and the operations that IEEE 754 rounds exactly, and nothing from a platform's
/// mathematics library. The label of image i is i mod 10.
/// </remarks>
public static class StrokeDigits
{
    /// <summary>Rows and columns of an image, in pixels.</summary>
    public const int ImageSize = 28;

    /// <summary>Number of classes.</summary>
    public const int ClassCount = 10;

    /// <summary>
    /// Draws the three parts. No two drawings, of one part or of two, share a random number: each reads a stream of its own.
    /// </summary>
    /// <param name="options">What to draw; null for the default data set.</param>
    /// <exception cref="ArgumentException">The thinnest pen is thicker than the thickest.</exception>
    public static DataSplits Generate(StrokeDigitsOptions? options = null)
    {
        options ??= new StrokeDigitsOptions();
        if (options.ThinnestPen > options.ThickestPen)
        {
            throw new ArgumentException(
                $"The thinnest pen ({options.ThinnestPen}) is thicker than the thickest ({options.ThickestPen}).", nameof(options));
        }

        return new DataSplits(
            Draw(options, "stroke digits, train", 0, options.TrainCount),
            Draw(options, "stroke digits, validation", 1, options.ValidationCount),
            Draw(options, "stroke digits, test", 2, options.TestCount));
    }

    private static ImageDataset Draw(StrokeDigitsOptions options, string name, uint part, int count)
    {
        const int PixelCount = ImageSize * ImageSize;
        byte[] pixels = new byte[count * PixelCount];
        byte[] labels = new byte[count];
        ulong key = RandomNumbers.Key(options.Seed, RandomPurpose.Drawing);
        DigitPen pen = new(options);
        Parallel.For(0, count, index =>
        {
            labels[index] = (byte)(index % ClassCount);
            // Counts end at 2^24, so the stream numbers of two parts never meet.
            RandomNumbers random = new(key, (part << 28) + (uint)index);
            pen.Draw(labels[index], random, pixels.AsSpan(index * PixelCount, PixelCount));
        });
        return new ImageDataset(
            name, ImageSize, ImageSize, 1, ClassCount,
            ImmutableCollectionsMarshal.AsImmutableArray(pixels), ImmutableCollectionsMarshal.AsImmutableArray(labels));
    }
}
