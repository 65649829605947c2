using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>
/// A PNG file (ISO/IEC 15948), decoded in managed code row by row; of its chunks only those that make the pixels are read.
/// </summary>
internal sealed class PngImage : EncodedImage
{
    // Deflate makes at most 1032 bytes of one.
    private const long DeflateRatio = 1032;

    // Four bytes for each of the most pixels: images of 16 bits a colour are read up to half as many.
    private const long MaximalRawBytes = 4L * ImageFile.MaximalPixels;
    private const int SignatureLength = 8;

    private readonly byte[] _compressed;
    private readonly PngPixels _pixels;
    private readonly (int Row, int RowStep, int Column, int ColumnStep)[] _passes;

    private PngImage(string path, byte[] header, byte[] compressed, byte[] palette, byte[] transparency)
        : base(path, BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)), BinaryPrimitives.ReadInt32BigEndian(header))
    {
        _compressed = compressed;
        _pixels = new PngPixels(header[9], header[8], palette, transparency);

        // The seven passes of an interlaced image: where each begins, and which rows and columns it has.
        _passes = header[12] == 0
            ? [(0, 1, 0, 1)]
            : [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)];
    }

    public override SKEncodedOrigin Origin => SKEncodedOrigin.TopLeft;

    // The compressed data, copied together, are no longer than the file.
    public override long WorkingBytes(int factor) => 1 << 20;

    /// <summary>Reads the head of a file and checks what it announces.</summary>
    /// <exception cref="ImageFileException">It is no PNG that is read.</exception>
    public static PngImage Open(byte[] content, string path)
    {
        byte[]? header = null;
        byte[] palette = [], transparency = [];
        using MemoryStream compressed = new();
        bool ended = false;
        for (int place = SignatureLength; !ended && place + 12 <= content.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(place));
            if (length > content.Length - place - 12)
            {
                // What there is of a last chunk of pixels may still be looked at: then the image is found to be cut off.
                break;
            }

            ReadOnlySpan<byte> named = content.AsSpan(place + 4, (int)length + 4);
            ReadOnlySpan<byte> data = named[4..];
            ReadOnlySpan<byte> name = named[..4];
            place += (int)length + 12;
            bool isFirst = header is null;
            if (isFirst != name.SequenceEqual("IHDR"u8))
            {
                throw new ImageFileException(path, "the image cannot be decoded: a PNG has one header (IHDR), and it is the first chunk.");
            }

            // Capital first letter: a chunk that must be understood.
            if ((name[0] & 0x20) == 0 || name.SequenceEqual("tRNS"u8))
            {
                if (Crc32.HashToUInt32(named) != BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(place - 4)))
                {
                    throw new ImageFileException(
                        path, $"the image cannot be decoded: the checksum of chunk {System.Text.Encoding.Latin1.GetString(name)} is wrong; "
                        + "the file is damaged.");
                }
            }

            switch (name)
            {
                case [(byte)'I', (byte)'H', (byte)'D', (byte)'R']: header = data.ToArray(); CheckHeader(header, path); break;
                case [(byte)'P', (byte)'L', (byte)'T', (byte)'E']: palette = data[..Math.Min(data.Length, 768)].ToArray(); break;
                case [(byte)'t', (byte)'R', (byte)'N', (byte)'S']: transparency = data[..Math.Min(data.Length, 256)].ToArray(); break;
                case [(byte)'I', (byte)'D', (byte)'A', (byte)'T']: compressed.Write(data); break;
                case [(byte)'I', (byte)'E', (byte)'N', (byte)'D']: ended = true; break;
            }
        }

        if (header is null || compressed.Length == 0)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        PngImage image = new(path, header, compressed.ToArray(), palette, transparency);
        if (header[9] == 3 && palette.Length < 3)
        {
            throw image.Fault("the image cannot be decoded: it has no palette (PLTE), which its pixels are numbers of.");
        }

        image.CheckRawBytes(content.Length);
        return image;
    }

    public override PixelCanvas Decode(int factor, bool isColour)
    {
        PixelCanvas canvas = new(Height, Width, factor, isColour);
        using ZLibStream stream = new(new MemoryStream(_compressed), CompressionMode.Decompress);
        uint[] colours = new uint[Width];
        foreach ((int firstRow, int rowStep, int firstColumn, int columnStep) in _passes)
        {
            int columns = Count(Width, firstColumn, columnStep);
            if (columns == 0)
            {
                continue;
            }

            // One byte before the row says how it was filtered.
            byte[] row = new byte[_pixels.RowBytes(columns) + 1];
            byte[] above = new byte[row.Length];
            for (int y = firstRow; y < Height; y += rowStep)
            {
                ReadRow(stream, row);
                if (!PngFilter.Undo(row[0], row.AsSpan(1), above.AsSpan(1), _pixels.BytesBack))
                {
                    throw Fault($"the image cannot be decoded: row {y} has filter {row[0]}; 0 to 4 were expected.");
                }

                _pixels.Colours(row.AsSpan(1), colours.AsSpan(0, columns));
                canvas.Put(y, colours.AsSpan(0, columns), firstColumn, columnStep);
                (row, above) = (above, row);
            }
        }

        return canvas;
    }

    private static void CheckHeader(byte[] header, string path)
    {
        if (header.Length != 13)
        {
            throw new ImageFileException(path, $"the image cannot be decoded: its header has {header.Length} bytes; 13 were expected.");
        }

        EnsureBearable(path, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)), BinaryPrimitives.ReadUInt32BigEndian(header));
        if (!PngPixels.IsKnown(header[9], header[8]) || header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            throw new ImageFileException(
                path, $"the image cannot be decoded: colour type {header[9]} of {header[8]} bits, compression {header[10]}, "
                + $"filter {header[11]}, interlacing {header[12]} are none that PNG has.");
        }
    }

    private void CheckRawBytes(int length)
    {
        long raw = 0;
        foreach ((int firstRow, int rowStep, int firstColumn, int columnStep) in _passes)
        {
            int columns = Count(Width, firstColumn, columnStep);
            raw += columns == 0 ? 0 : Count(Height, firstRow, rowStep) * (1L + _pixels.RowBytes(columns));
        }

        if (raw > MaximalRawBytes + Height)
        {
            throw Fault($"has {Width} x {Height} pixels of {_pixels.Bits} bits; at most {MaximalRawBytes} bytes of pixels are read.");
        }

        if (raw > DeflateRatio * _compressed.Length)
        {
            throw Fault($"announces {Width} x {Height} pixels, which are {raw} bytes; its {length} bytes cannot hold them: "
                + "it is damaged or cut off.");
        }
    }

    private static int Count(int side, int first, int step) => side <= first ? 0 : ((side - first - 1) / step) + 1;

    private void ReadRow(ZLibStream stream, byte[] row)
    {
        try
        {
            if (stream.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
            {
                throw Fault("the image is cut off.");
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw Fault($"the image cannot be decoded: {exception.Message}", exception);
        }
    }
}
