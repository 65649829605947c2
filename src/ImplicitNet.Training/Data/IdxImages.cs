using System.Collections.Immutable;

namespace ImplicitNet.Training.Data;

/// <summary>The content of an IDX file of images: one byte per pixel, [count, height, width].</summary>
public sealed class IdxImages
{
    internal IdxImages(int count, int height, int width, ImmutableArray<byte> pixels)
    {
        Count = count;
        Height = height;
        Width = width;
        Pixels = pixels;
    }

    /// <summary>Number of images; at least 1.</summary>
    public int Count { get; }

    /// <summary>Rows of one image; at least 1.</summary>
    public int Height { get; }

    /// <summary>Columns of one image; at least 1.</summary>
    public int Width { get; }

    /// <summary>All pixels, [count, height, width].</summary>
    public ImmutableArray<byte> Pixels { get; }
}
