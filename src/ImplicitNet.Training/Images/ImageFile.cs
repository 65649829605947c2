using SkiaSharp;

namespace ImplicitNet.Training.Images;

/// <summary>Reads PNG, JPEG and the other image files that Skia decodes (WebP, GIF, BMP), as grey values or in colour.</summary>
/// <remarks>
/// Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), transparency lies on white, of an animation the first picture is read, and
/// the way a camera was held is respected. The size is checked before any pixel is decoded.
/// </remarks>
public static class ImageFile
{
    /// <summary>The most pixels an image may have: 64 million.</summary>
    public const int MaximalPixels = 64_000_000;

    /// <summary>Reads an image as grey values in its own size.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static GreyImage ReadGrey(string path)
    {
        using DecodedImage image = Decode(path);
        return image.Plane(Grey);
    }

    /// <summary>Reads an image as grey values and scales it to the size asked for; another aspect stretches it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static GreyImage ReadGrey(string path, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return ReadGrey(path).Resized(height, width);
    }

    /// <summary>Reads an image in colour in its own size.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static ColourImage ReadColour(string path)
    {
        using DecodedImage image = Decode(path);
        return new ColourImage(image.Plane(colour => OnWhite(colour, 0)), image.Plane(colour => OnWhite(colour, 8)), image.Plane(colour => OnWhite(colour, 16)));
    }

    /// <summary>Reads an image in colour and scales it to the size asked for; another aspect stretches it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <exception cref="ImageFileException">The file cannot be opened, is not an image, is cut off, or has too many pixels.</exception>
    public static ColourImage ReadColour(string path, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return ReadColour(path).Resized(height, width);
    }

    private static DecodedImage Decode(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = Open(path);
        using SKCodec codec = SKCodec.Create(stream)
            ?? throw new ImageFileException(path, "is not an image; PNG, JPEG, WebP, GIF or BMP was expected.");
        if ((long)codec.Info.Width * codec.Info.Height > MaximalPixels)
        {
            string problem = $"has {codec.Info.Width} x {codec.Info.Height} pixels; at most {MaximalPixels} in all are read.";
            throw new ImageFileException(path, problem);
        }

        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var bitmap = new SKBitmap(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            bitmap.Dispose();
            string problem = result == SKCodecResult.IncompleteInput ? "is cut off" : $"cannot be decoded ({result})";
            throw new ImageFileException(path, $"the image {problem}.");
        }

        return new DecodedImage(bitmap, codec.EncodedOrigin);
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImageFileException(path, $"cannot be opened: {exception.Message}", exception);
        }
    }

    // A colour is alpha, blue, green, red from the highest byte down.
    private static byte Grey(uint colour)
    {
        uint alpha = colour >> 24;
        uint luma = (299 * (colour & 255)) + (587 * ((colour >> 8) & 255)) + (114 * ((colour >> 16) & 255));
        return (byte)(((luma * alpha) + (255_000 * (255 - alpha)) + 127_500) / 255_000);
    }

    // One of the colours, which begins at a bit.
    private static byte OnWhite(uint colour, int bit)
    {
        uint alpha = colour >> 24;
        return (byte)(((((colour >> bit) & 255) * alpha) + (255 * (255 - alpha)) + 127) / 255);
    }
}
