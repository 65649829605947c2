using System.Buffers.Binary;
using System.Numerics;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>
/// An uncompressed BMP file of 1, 4, 8, 16, 24 or 32 bits a pixel, read in managed code; its length must be what it announces.
/// </summary>
/// <remarks>Skia ends the process on some of them. Run-length compressed ones are refused: hardly anybody writes them.</remarks>
internal sealed class BmpImage : EncodedImage
{
    private const int FileHeaderLength = 14;
    private const int OldHeaderLength = 12;
    private const int UsualHeaderLength = 40;
    private readonly byte[] _content;
    private readonly int _begin;
    private readonly int _bits;
    private readonly bool _isTopDown;
    private readonly uint[] _palette;
    private readonly uint[] _masks;

    private BmpImage(byte[] content, string path, int height, int width, int begin, int bits, bool isTopDown, uint[] palette, uint[] masks)
        : base(path, height, width) =>
        (_content, _begin, _bits, _isTopDown, _palette, _masks) = (content, begin, bits, isTopDown, palette, masks);

    public override SKEncodedOrigin Origin => SKEncodedOrigin.TopLeft;

    public override long WorkingBytes(int factor) => 1 << 20;

    /// <summary>Reads the head and checks that the pixels are there.</summary>
    /// <exception cref="ImageFileException">It is no BMP that is read.</exception>
    public static BmpImage Open(byte[] content, string path)
    {
        uint headerLength = content.Length < FileHeaderLength + OldHeaderLength ? 0 : Number(content, FileHeaderLength);
        if (headerLength is not (OldHeaderLength or (>= UsualHeaderLength and <= 256)) || content.Length < FileHeaderLength + headerLength)
        {
            throw new ImageFileException(path, "the image is cut off, or no BMP: its header has a length that there is not.");
        }

        bool isOld = headerLength == OldHeaderLength;
        long width = isOld ? Short(content, 18) : (int)Number(content, 18);
        long height = isOld ? Short(content, 20) : (int)Number(content, 22);
        bool isTopDown = height < 0;
        height = Math.Abs(height);
        EnsureBearable(path, height, width);
        int bits = Short(content, isOld ? 24 : 28);
        uint compression = isOld ? 0 : Number(content, 30);
        uint[] masks = Masks(content, headerLength, bits, compression);
        if (!(compression == 0 && bits is 1 or 4 or 8 or 16 or 24 or 32) && masks.Length == 0)
        {
            throw new ImageFileException(
                path, $"the image cannot be decoded: a BMP of {bits} bits a pixel and compression {compression}; "
                + "uncompressed ones of 1, 4, 8, 16, 24 or 32 bits are read. Store it as PNG.");
        }

        long begin = Number(content, 10);
        long needed = begin + (RowBytes(width, bits) * height);
        if (needed > content.Length || begin < FileHeaderLength + headerLength)
        {
            throw new ImageFileException(
                path, $"the image is cut off: {width} x {height} pixels of {bits} bits "
                + $"from byte {begin} on need {needed} bytes; it has {content.Length}.");
        }

        return new BmpImage(
            content, path, (int)height, (int)width, (int)begin, bits, isTopDown,
            Palette(content, headerLength, bits, begin), masks.Length > 0 || bits != 16 ? masks : [0x7C00, 0x3E0, 0x1F, 0]);
    }

    public override PixelCanvas Decode(int factor, bool isColour)
    {
        PixelCanvas canvas = new(Height, Width, factor, isColour);
        int rowBytes = (int)RowBytes(Width, _bits);
        uint[] colours = new uint[Width];
        for (int y = 0; y < Height; y++)
        {
            ReadOnlySpan<byte> row = _content.AsSpan(_begin + ((_isTopDown ? y : Height - 1 - y) * rowBytes), rowBytes);
            for (int x = 0; x < colours.Length; x++)
            {
                colours[x] = Colour(row, x);
            }

            canvas.Put(y, colours);
        }

        return canvas;
    }

    private uint Colour(ReadOnlySpan<byte> row, int x)
    {
        if (_bits <= 8)
        {
            int bit = x * _bits;
            return _palette[(row[bit >> 3] >> (8 - _bits - (bit & 7))) & ((1 << _bits) - 1)];
        }

        ReadOnlySpan<byte> pixel = row[(x * (_bits / 8))..];
        if (_masks.Length == 0)
        {
            return 0xFF000000 | pixel[2] | ((uint)pixel[1] << 8) | ((uint)pixel[0] << 16);
        }

        uint value = _bits == 16 ? BinaryPrimitives.ReadUInt16LittleEndian(pixel) : BinaryPrimitives.ReadUInt32LittleEndian(pixel);
        uint alpha = _masks[3] == 0 ? 255 : Part(value, _masks[3]);
        return (alpha << 24) | Part(value, _masks[0]) | (Part(value, _masks[1]) << 8) | (Part(value, _masks[2]) << 16);
    }

    // The bits of a mask as a number from 0 to 255.
    private static uint Part(uint value, uint mask)
    {
        if (mask == 0)
        {
            return 0;
        }

        int shift = BitOperations.TrailingZeroCount(mask);
        ulong most = mask >> shift;
        return (uint)((((ulong)((value & mask) >> shift) * 255) + (most / 2)) / most);
    }

    // Compression 3 and 6 say by masks which bits are which colour; they stand in the header or behind it.
    private static uint[] Masks(byte[] content, uint headerLength, int bits, uint compression)
    {
        int begin = FileHeaderLength + UsualHeaderLength;
        bool hasAlpha = compression == 6 || headerLength >= 56;
        int count = hasAlpha ? 4 : 3;
        return compression is not (3 or 6) || bits is not (16 or 32) || content.Length < begin + (4 * count)
            ? []
            : [Number(content, begin), Number(content, begin + 4), Number(content, begin + 8), hasAlpha ? Number(content, begin + 12) : 0];
    }

    private static uint[] Palette(byte[] content, uint headerLength, int bits, long begin)
    {
        if (bits > 8)
        {
            return [];
        }

        // Colours that the file does not have are black.
        int bytes = headerLength == OldHeaderLength ? 3 : 4;
        int first = FileHeaderLength + (int)headerLength;
        uint[] colours = new uint[1 << bits];
        Array.Fill(colours, 0xFF000000);
        for (int i = 0; i < colours.Length && first + ((i + 1) * bytes) <= begin; i++)
        {
            ReadOnlySpan<byte> colour = content.AsSpan(first + (i * bytes));
            colours[i] |= colour[2] | ((uint)colour[1] << 8) | ((uint)colour[0] << 16);
        }

        return colours;
    }

    private static long RowBytes(long width, int bits) => ((width * bits) + 31) / 32 * 4;

    private static int Short(byte[] content, int place) => BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(place));

    private static uint Number(byte[] content, int place) => BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(place));
}
