using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>Reads PNG, JPEG, WebP, GIF and BMP files, as grey values or in colour.</summary>
/// <remarks>
/// Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), transparency lies on white, of an animation the first picture is read, and
/// the way a camera was held is respected. A file may be hostile: its head is read first, and sizes that its bytes cannot hold are refused;
/// decoding takes at most 64 MiB and 10 times the file's length. PNG, GIF and BMP are decoded in managed code, JPEG and WebP by Skia out of
/// memory.
/// </remarks>
internal static class ImageFile
{
    /// <summary>The most pixels an image may have: 64 million.</summary>
    public const int MaximalPixels = 64_000_000;

    /// <summary>The most pixels on a side.</summary>
    internal const int MaximalSide = 65_535;

    // An image of 64 million pixels of four bytes, and as much again for what else a file may hold.
    private const long MaximalBytes = 512_000_000;

    // What decoding may take beside the file: below the promise, since what is made of the pixels needs memory too.
    private const long FreeBytes = 44L << 20;
    private const int BytesForEach = 8;

    // Larger pictures are made smaller while they are decoded, by a whole factor, where another size than their own is asked for.
    private const int MostValues = 1 << 22;

    /// <summary>Reads an image as grey values in its own size.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static GreyImage ReadGrey(string path) => Grey(Open(path), path, static (_, _) => 1);

    /// <summary>Reads an image as grey values and scales it to the size asked for; another aspect stretches it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static GreyImage ReadGrey(string path, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Grey(Open(path), path, (rows, columns) => Factor(rows, columns, 1, height, width)).Resized(height, width);
    }

    /// <summary>Reads an image in colour in its own size.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static ColourImage ReadColour(string path) => Colour(path, static (_, _) => 1);

    /// <summary>Reads an image in colour and scales it to the size asked for; another aspect stretches it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static ColourImage ReadColour(string path, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Colour(path, (rows, columns) => Factor(rows, columns, 3, height, width)).Resized(height, width);
    }

    /// <summary>
    /// Reads an image as grey values, in its own size up to 4 million pixels; a larger one is made smaller by a whole factor.
    /// </summary>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    internal static GreyImage ReadPage(string path) => Grey(Open(path), path, static (rows, columns) => Factor(rows, columns, 1, 1, 1));

    private static GreyImage Grey(byte[] content, string path, Func<int, int, int> factor)
    {
        (PixelCanvas canvas, SKEncodedOrigin origin) = Decode(content, path, isColour: false, factor);
        return ImageOrientation.Upright(canvas.Plane(0), origin);
    }

    private static ColourImage Colour(string path, Func<int, int, int> factor)
    {
        (PixelCanvas canvas, SKEncodedOrigin origin) = Decode(Open(path), path, isColour: true, factor);
        GreyImage Upright(int plane) => ImageOrientation.Upright(canvas.Plane(plane), origin);
        return new ColourImage(Upright(0), Upright(1), Upright(2));
    }

    private static (PixelCanvas Canvas, SKEncodedOrigin Origin) Decode(
        byte[] content, string path, bool isColour, Func<int, int, int> factorOf)
    {
        EncodedImage image = Recognised(content, path);
        bool isTurned = image.Origin >= SKEncodedOrigin.LeftTop;
        int factor = isTurned ? factorOf(image.Width, image.Height) : factorOf(image.Height, image.Width);
        long canvas = PixelCanvas.BytesOf(image.Height, image.Width, factor, isColour) * (image.Origin == SKEncodedOrigin.TopLeft ? 1 : 2);
        long needed = canvas + image.WorkingBytes(factor);
        long allowed = FreeBytes + ((long)BytesForEach * content.Length);
        return needed <= allowed
            ? (image.Decode(factor, isColour), image.Origin)
            : throw new ImageFileException(
                path, $"{image.Width} x {image.Height} pixels of this kind take {needed >> 20} MiB to decode, "
                + $"and a file of {content.Length} bytes may take {allowed >> 20} MiB; store it smaller, or as a plain PNG.");
    }

    private static EncodedImage Recognised(byte[] content, string path) => content switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => PngImage.Open(content, path),
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => GifImage.Open(content, path),
        [(byte)'B', (byte)'M', ..] => BmpImage.Open(content, path),
        [0xFF, 0xD8, 0xFF, ..] => JpegImage.Open(content, path),
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..]
            => WebpImage.Open(content, path),
        _ => throw new ImageFileException(path, ImageFormat.NameOf(content) is { } name
            ? $"is {name}; {ImageFormat.Expected} was expected."
            : $"is not an image; {ImageFormat.Expected} was expected."),
    };

    // The smallest factor that leaves few enough values, but no smaller than twice what is asked for: the rest is done with better weights.
    private static int Factor(int rows, int columns, int planes, int height, int width)
    {
        int factor = 1;
        while ((long)PixelCanvas.Shrunk(rows, factor) * PixelCanvas.Shrunk(columns, factor) * planes > MostValues
            && Math.Min(rows / (2 * (long)height), columns / (2 * (long)width)) > factor)
        {
            factor++;
        }

        return factor;
    }

    // A pipe or a device says that it has no bytes, and opening it may wait for ever.
    private static byte[] Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            if (Directory.Exists(path))
            {
                throw new ImageFileException(path, $"is a folder; a file was expected ({ImageFormat.Expected}).");
            }

            FileInfo file = new(path);
            if (file is { Exists: true, Length: 0 })
            {
                throw new ImageFileException(path, $"is empty or no plain file; {ImageFormat.Expected} was expected.");
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (stream.Length > MaximalBytes)
            {
                throw new ImageFileException(path, $"has {stream.Length} bytes; an image has at most {MaximalBytes}.");
            }

            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageFileException(path, "there is no such file.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImageFileException(path, $"cannot be opened: {exception.Message}", exception);
        }
    }
}
