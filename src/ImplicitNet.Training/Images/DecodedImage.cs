using System.Runtime.InteropServices;
using SkiaSharp;

namespace ImplicitNet.Training.Images;

/// <summary>The pixels of an image file as Skia decoded them, with the way its camera was held. It owns the bitmap.</summary>
/// <param name="bitmap">Red, green, blue and alpha of eight bits each, not multiplied by alpha.</param>
/// <param name="origin">The way the camera was held.</param>
internal sealed class DecodedImage(SKBitmap bitmap, SKEncodedOrigin origin) : IDisposable
{
    /// <summary>What a function makes of each pixel, upright. A pixel is alpha, blue, green, red from the highest byte down.</summary>
    public GreyImage Plane(Func<uint, byte> value)
    {
        ReadOnlySpan<uint> colours = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        byte[] pixels = new byte[colours.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = value(colours[i]);
        }

        return ImageOrientation.Upright(new GreyImage(pixels, bitmap.Height, bitmap.Width), origin);
    }

    public void Dispose() => bitmap.Dispose();
}
