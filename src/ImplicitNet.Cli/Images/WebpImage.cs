using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>
/// A WebP file: its head is checked here, its pixels are decoded by Skia out of memory, made smaller where that is asked for.
/// </summary>
internal sealed class WebpImage : EncodedImage
{
    // A macroblock of 16 x 16 pixels needs two bits at least for its modes.
    private const long LossyPixelsForByte = 1024;
    private const int BytesForPixel = 4;
    private const int HeaderLength = 30;
    private readonly byte[] _content;
    private readonly bool _isPlainLossy;

    private WebpImage(byte[] content, string path, int height, int width, bool isPlainLossy, SKEncodedOrigin origin)
        : base(path, height, width) => (_content, _isPlainLossy, Origin) = (content, isPlainLossy, origin);

    public override SKEncodedOrigin Origin { get; }

    // The result for Skia, and of a lossless or transparent image or an animation the whole of it, maybe twice.
    public override long WorkingBytes(int factor) => (2 << 20) + _content.Length
        + ((long)BytesForPixel * PixelCanvas.Shrunk(Height, factor) * PixelCanvas.Shrunk(Width, factor))
        + (_isPlainLossy ? 0 : (long)BytesForPixel * Height * Width);

    /// <summary>Reads the head of a file and checks what it announces.</summary>
    /// <exception cref="ImageFileException">It is no WebP that is read.</exception>
    public static WebpImage Open(byte[] content, string path)
    {
        if (content.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) > content.Length - 8)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        ReadOnlySpan<byte> first = content.AsSpan(12);
        ReadOnlySpan<byte> data = content.AsSpan(20);
        bool isPlainLossy = first.StartsWith("VP8 "u8);
        (int width, int height) = first switch
        {
            [(byte)'V', (byte)'P', (byte)'8', (byte)' ', ..] => (
                BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF),
            [(byte)'V', (byte)'P', (byte)'8', (byte)'L', ..] => LosslessSize(BinaryPrimitives.ReadUInt32LittleEndian(data[1..])),
            [(byte)'V', (byte)'P', (byte)'8', (byte)'X', ..] => (ThreeBytes(data[4..]) + 1, ThreeBytes(data[7..]) + 1),
            _ => throw new ImageFileException(path, "the image cannot be decoded: the first chunk of the WebP is none that there is."),
        };
        EnsureBearable(path, height, width);
        if (isPlainLossy)
        {
            EnsureHeld(path, height, width, LossyPixelsForByte * content.Length, content.Length);
        }

        using SKData copy = SKData.CreateCopy(content);
        using SKCodec? codec = SKCodec.Create(copy);
        return codec is not null && (codec.Info.Height, codec.Info.Width) == (height, width)
            ? new WebpImage(content, path, height, width, isPlainLossy, codec.EncodedOrigin)
            : throw new ImageFileException(path, "the image cannot be decoded: the head of the WebP is damaged or cut off.");
    }

    public override PixelCanvas Decode(int factor, bool isColour)
    {
        using SKData data = SKData.CreateCopy(_content);
        using SKCodec codec = SKCodec.Create(data);
        SKImageInfo info = new(
            PixelCanvas.Shrunk(Width, factor), PixelCanvas.Shrunk(Height, factor), SKColorType.Rgba8888, SKAlphaType.Unpremul);
        uint[] pixels = new uint[info.Width * info.Height];
        GCHandle pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            SKCodecResult result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
            {
                throw Fault($"the image {(result == SKCodecResult.IncompleteInput ? "is cut off" : $"cannot be decoded ({result})")}.");
            }
        }
        finally
        {
            pinned.Free();
        }

        PixelCanvas canvas = new(info.Height, info.Width, factor: 1, isColour);
        for (int y = 0; y < info.Height; y++)
        {
            canvas.Put(y, pixels.AsSpan(y * info.Width, info.Width));
        }

        return canvas;
    }

    private static (int Width, int Height) LosslessSize(uint bits) => ((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);

    private static int ThreeBytes(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
