using ImplicitNet.Files;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>Writes images as PNG, which loses nothing of them.</summary>
internal static class PngFile
{
    /// <summary>Writes a colour image; a file that is there is replaced, as a whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, ColourImage image)
    {
        byte[] content = Encode(image);
        AtomicFile.Write(path, stream => stream.Write(content));
    }

    /// <summary>The file's content.</summary>
    public static byte[] Encode(ColourImage image)
    {
        byte[] colours = image.ToPixels();
        byte[] pixels = new byte[colours.Length / 3 * 4];
        for (int place = 0; place < colours.Length / 3; place++)
        {
            colours.AsSpan(3 * place, 3).CopyTo(pixels.AsSpan(4 * place));
            pixels[(4 * place) + 3] = byte.MaxValue;
        }

        SKImageInfo info = new(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using SKImage raster = SKImage.FromPixelCopy(info, pixels);
        using SKData data = raster.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }
}
