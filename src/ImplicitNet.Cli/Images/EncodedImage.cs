using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>A picture file whose head was read and checked: its sizes are bearable and no larger than its bytes can hold.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="height">Rows as stored.</param>
/// <param name="width">Columns as stored.</param>
internal abstract class EncodedImage(string path, int height, int width)
{
    /// <summary>Rows as stored.</summary>
    public int Height { get; } = height;

    /// <summary>Columns as stored.</summary>
    public int Width { get; } = width;

    /// <summary>The way the camera was held.</summary>
    public abstract SKEncodedOrigin Origin { get; }

    /// <summary>Bytes that decoding takes beside the file and the result, nearly.</summary>
    /// <param name="factor">By which the sides are made smaller.</param>
    public abstract long WorkingBytes(int factor);

    /// <summary>Decodes the picture, made smaller by a factor of at least 1.</summary>
    /// <exception cref="ImageFileException">It is damaged or cut off.</exception>
    public abstract PixelCanvas Decode(int factor, bool isColour);

    /// <summary>What is wrong with the file.</summary>
    protected ImageFileException Fault(string problem, Exception? cause = null) => new(path, problem, cause);

    /// <summary>Checks sizes that a head announces.</summary>
    /// <exception cref="ImageFileException">They are none, or too large.</exception>
    public static void EnsureBearable(string path, long height, long width)
    {
        if (height < 1 || width < 1)
        {
            throw new ImageFileException(path, $"announces {width} x {height} pixels; at least 1 x 1 were expected.");
        }

        if (width * height > ImageFile.MaximalPixels || Math.Max(width, height) > ImageFile.MaximalSide)
        {
            throw new ImageFileException(
                path, $"has {width} x {height} pixels; "
                + $"at most {ImageFile.MaximalPixels} in all and {ImageFile.MaximalSide} on a side are read.");
        }
    }

    /// <summary>Checks that so many bytes can hold so many pixels, by the format's best ratio.</summary>
    /// <exception cref="ImageFileException">They cannot.</exception>
    public static void EnsureHeld(string path, int height, int width, long held, long bytes)
    {
        if ((long)height * width > held)
        {
            throw new ImageFileException(
                path, $"announces {width} x {height} pixels, of which its {bytes} bytes can hold {held} at most; "
                + "it is damaged or cut off.");
        }
    }
}
