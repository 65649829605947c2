using System.Runtime.InteropServices;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>A JPEG file: its head is checked here, its rows are decoded by Skia, one after the other, out of memory.</summary>
internal sealed class JpegImage : EncodedImage
{
    // A block of 8 x 8 pixels has at least one bit in every component.
    private const long PixelsForByte = 512;
    private readonly byte[] _content;
    private readonly JpegHeader _header;

    private JpegImage(byte[] content, string path, JpegHeader header, SKEncodedOrigin origin)
        : base(path, header.Height, header.Width) => (_content, _header, Origin) = (content, header, origin);

    public override SKEncodedOrigin Origin { get; }

    // Skia's copy of the file, rows, and the coefficients of the whole image where they come in several scans.
    public override long WorkingBytes(int factor) => (1 << 20) + _content.Length + _header.CoefficientBytes;

    /// <summary>Reads the head of a file and checks what it announces.</summary>
    /// <exception cref="ImageFileException">It is no JPEG that is read.</exception>
    public static JpegImage Open(byte[] content, string path)
    {
        JpegHeader header = JpegHeader.Read(content, path);
        EnsureBearable(path, header.Height, header.Width);
        EnsureHeld(path, header.Height, header.Width, PixelsForByte * content.Length, content.Length);
        header.EnsureBearableWork(path);
        using SKData data = SKData.CreateCopy(content);
        using SKCodec? codec = SKCodec.Create(data);
        return codec is not null && (codec.Info.Height, codec.Info.Width) == (header.Height, header.Width)
            ? new JpegImage(content, path, header, codec.EncodedOrigin)
            : throw new ImageFileException(path, "the image cannot be decoded: the head of the JPEG is damaged or cut off.");
    }

    public override PixelCanvas Decode(int factor, bool isColour)
    {
        using SKData data = SKData.CreateCopy(_content);
        using SKCodec codec = SKCodec.Create(data);
        SKImageInfo info = new(Width, Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        SKCodecResult result = codec.StartScanlineDecode(info);
        if (result != SKCodecResult.Success)
        {
            throw Fault($"the image cannot be decoded ({result}).");
        }

        PixelCanvas canvas = new(Height, Width, factor, isColour);
        uint[] row = new uint[Width];
        GCHandle pinned = GCHandle.Alloc(row, GCHandleType.Pinned);
        try
        {
            for (int y = 0; y < Height; y++)
            {
                if (codec.GetScanlines(pinned.AddrOfPinnedObject(), 1, sizeof(uint) * Width) != 1)
                {
                    throw Fault("the image is cut off.");
                }

                canvas.Put(y, row);
            }
        }
        finally
        {
            pinned.Free();
        }

        return canvas;
    }
}
