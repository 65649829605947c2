using System.Runtime.InteropServices;

namespace ImplicitNet.Training.Data.Cifar;

/// <summary>One batch of CIFAR-10: pixels as a data set has them, [count, height, width, channels], and labels.</summary>
internal sealed record Cifar10Batch(byte[] Pixels, byte[] Labels)
{
    public const int Size = 32;
    public const int Channels = 3;
    public const int ClassCount = 10;
    public const int ImageBytes = Size * Size * Channels;

    /// <summary>Images in a published batch; no batch has more.</summary>
    public const int PublishedImages = 10_000;

    /// <summary>Turns one image from three planes, as the files have it, into pixels of three bytes.</summary>
    public static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        const int plane = Size * Size;
        for (int place = 0; place < plane; place++)
        {
            pixels[3 * place] = planes[place];
            pixels[(3 * place) + 1] = planes[plane + place];
            pixels[(3 * place) + 2] = planes[(2 * plane) + place];
        }
    }

    /// <summary>Several batches as one data set.</summary>
    public static ImageDataset Join(string name, IReadOnlyList<Cifar10Batch> batches)
    {
        byte[] pixels = new byte[batches.Sum(batch => batch.Pixels.Length)];
        byte[] labels = [.. batches.SelectMany(batch => batch.Labels)];
        int start = 0;
        foreach (Cifar10Batch batch in batches)
        {
            batch.Pixels.CopyTo(pixels, start);
            start += batch.Pixels.Length;
        }

        return new ImageDataset(
            name, Size, Size, Channels, ClassCount,
            ImmutableCollectionsMarshal.AsImmutableArray(pixels), ImmutableCollectionsMarshal.AsImmutableArray(labels));
    }
}
