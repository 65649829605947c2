namespace ImplicitNet.Cli.Images;

/// <summary>An image of grey values, row by row from the top.</summary>
internal sealed class GreyImage
{
    /// <summary>Makes an image of given pixels.</summary>
    /// <param name="pixels">The grey values, 0 black to 255 white, [height, width]; kept, not copied.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <exception cref="ArgumentException">The number of pixels is not height times width.</exception>
    public GreyImage(byte[] pixels, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (pixels.Length != (long)height * width)
        {
            throw new ArgumentException($"{height} x {width} pixels were expected, but there are {pixels.Length}.", nameof(pixels));
        }

        (Pixels, Height, Width) = (pixels, height, width);
    }

    /// <summary>The grey values, 0 black to 255 white, [height, width]. The image owns them.</summary>
    public byte[] Pixels { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>The grey value at a row and a column.</summary>
    /// <param name="row">From 0 at the top.</param>
    /// <param name="column">From 0 at the left.</param>
    public byte this[int row, int column] => Pixels[(row * Width) + column];

    /// <summary>Black for white and white for black.</summary>
    /// <returns>A new image: 255 minus each grey value.</returns>
    public GreyImage Inverted() => new(Array.ConvertAll(Pixels, grey => (byte)(byte.MaxValue - grey)), Height, Width);

    /// <summary>Scales to another size. The sides scale independently: another aspect stretches the image.</summary>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <returns>A new image. Each of its pixels averages what it covers (shrinking) or interpolates linearly (enlarging).</returns>
    public GreyImage Resized(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return (height, width) == (Height, Width) ? this : GreyResampling.Resize(this, height, width);
    }

    /// <summary>Cuts out a rectangle, which must lie inside.</summary>
    internal GreyImage Cropped(int top, int left, int height, int width)
    {
        byte[] pixels = new byte[height * width];
        for (int row = 0; row < height; row++)
        {
            Pixels.AsSpan(((top + row) * Width) + left, width).CopyTo(pixels.AsSpan(row * width));
        }

        return new GreyImage(pixels, height, width);
    }
}
