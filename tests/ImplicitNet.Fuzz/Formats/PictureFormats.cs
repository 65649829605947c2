using System.Buffers.Binary;
using System.Text;
using ImplicitNet.Cli.Images;
using ImplicitNet.Fuzz.Pictures;
using SkiaSharp;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>Pictures, which predict reads in one of several ways.</summary>
internal abstract class PictureFormat : FuzzFormat
{
    public override void Read(string path, FuzzRandom random)
    {
        switch (random.Below(4))
        {
            case 0: DigitImage.Read(path); break;
            case 1: ImageFile.ReadGrey(path); break;
            case 2: ImageFile.ReadColour(path); break;
            default: ImageFile.ReadColour(path, 32, 32); break;
        }
    }

    public override bool IsRefusal(Exception exception) => exception is ImageFileException;

    /// <summary>A side: small mostly, at times large.</summary>
    protected static int Side(FuzzRandom random) => random.OneIn(10) ? random.Between(1, 4000) : random.Between(1, 48);

    /// <summary>Pictures that Skia encodes, small ones and one larger.</summary>
    protected static byte[][] Encoded(SKEncodedImageFormat format) =>
        [.. from size in ((int, int)[])[(1, 1), (8, 8), (17, 33), (64, 48), (300, 200)]
            from quality in (int[])[5, 60, 100]
            from colour in (SKColorType[])[SKColorType.Rgba8888, SKColorType.Gray8]
            select Encode(size.Item1, size.Item2, format, quality, colour)];

    private static byte[] Encode(int width, int height, SKEncodedImageFormat format, int quality, SKColorType colour)
    {
        using SKBitmap bitmap = new(width, height, colour, colour == SKColorType.Gray8 ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        FuzzRandom random = new((width * 100) + quality);
        random.Bytes(bitmap.ByteCount).CopyTo(bitmap.GetPixelSpan());
        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }
}

internal sealed class PngFormat : PictureFormat
{
    private static readonly (byte Type, byte Depth)[] Kinds =
        [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)];

    public override string Name => "png";

    public override byte[] Make(FuzzRandom random)
    {
        (byte type, byte depth) = random.Of(Kinds);
        (int width, int height, bool interlaced) = (Side(random), Side(random), random.OneIn(3));
        int bits = depth * type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        while ((long)width * height * bits > 8 << 21)
        {
            (width, height) = ((width / 2) + 1, (height / 2) + 1);
        }

        bool blank = width * height > 10_000 || random.OneIn(8);
        byte[] rows = PngBytes.Rows(width, height, bits, interlaced, () => (byte)random.Or(random.Below(5), 400), count => blank ? new byte[count] : random.Bytes(count));
        rows = random.OneIn(12) ? rows[..random.Below(rows.Length + 1)] : random.OneIn(12) ? [.. rows, .. random.Bytes(random.Small(300))] : rows;
        byte[] packed = random.Damaged(PngBytes.Compressed(rows), 12);
        int cut = random.Below(packed.Length + 1);
        List<(string, byte[])> chunks =
        [
            ("IHDR", PngBytes.Header(
                (uint)random.Or(width), (uint)random.Or(height), (byte)random.Or(depth, 30), (byte)random.Or(type, 30), (byte)random.Or(interlaced ? 1 : 0, 40), (byte)random.Or(0, 60), (byte)random.Or(0, 60))),
            ("PLTE", random.Bytes(random.OneIn(6) ? random.Small(1000) : 3 << Math.Min((int)depth, 8))),
            ("tRNS", random.Bytes(random.Small(260))),
            (random.Of("iCCP", "zTXt", "iTXt", "eXIf", "acTL", "gAMA", "sBIT", random.Text(6).PadRight(4)[..4]), random.Bytes(random.Small(400))),
            ("IDAT", packed[..cut]),
            ("IDAT", packed[cut..]),
            ("IEND", []),
        ];
        for (int change = random.OneIn(4) ? random.Small(3) : 0; change > 0; change--)
        {
            int place = random.Below(chunks.Count);
            switch (random.Below(3))
            {
                case 0: chunks.RemoveAt(place); chunks.Add(("IEND", [])); break;
                case 1: chunks.Insert(random.Below(chunks.Count), chunks[place]); break;
                default: (chunks[place], chunks[0]) = (chunks[0], chunks[place]); break;
            }
        }

        return random.Damaged(PngBytes.Of(chunks), 4);
    }
}

internal sealed class GifFormat : PictureFormat
{
    public override string Name => "gif";

    public override byte[] Make(FuzzRandom random)
    {
        int bits = random.Between(1, 8);
        (int width, int height) = (Side(random), Side(random));
        while ((long)width * height > 1 << 18)
        {
            (width, height) = ((width / 2) + 1, (height / 2) + 1);
        }

        byte[] codes = GifBytes.Pack(GifBytes.Runs(random, width * height, random.OneIn(3) ? 1 : 1 << bits), bits, random.Of(int.MaxValue, 4096, 700));
        codes = random.OneIn(10) ? codes[..random.Below(codes.Length + 1)] : random.Damaged(codes, 8);
        (int, int, int, int) frame = ((int)random.Or(0, 20), (int)random.Or(0, 20), (int)random.Or(width, 20), (int)random.Or(height, 20));
        return random.Damaged(
            GifBytes.Of((int)random.Or(width, 20), (int)random.Or(height, 20), frame, random.Bytes(3 << bits), bits, random.OneIn(3), random.OneIn(3) ? random.Below(256) : null, codes), 4);
    }
}

internal sealed class BmpFormat : PictureFormat
{
    public override string Name => "bmp";

    public override byte[] Make(FuzzRandom random)
    {
        int bits = random.Of(1, 4, 8, 16, 24, 32);
        (int width, int height) = (Side(random), Side(random));
        while ((long)width * height * bits > 8 << 20)
        {
            (width, height) = ((width / 2) + 1, (height / 2) + 1);
        }

        int compression = (int)random.Or(bits is 16 or 32 && random.OneIn(2) ? random.Of(3, 6) : 0);
        byte[] masks = compression is 3 or 6 ? random.OneIn(2) ? random.Bytes(16) : [0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF] : [];
        return random.Damaged(
            BmpBytes.Of(
                (int)random.Or(width), (int)random.Or(random.OneIn(2) ? height : -height), (int)random.Or(bits, 20), bits <= 8 ? random.Bytes(4 << bits) : [],
                random.Bytes(BmpBytes.RowBytes(width, bits) * height), compression, masks, random.OneIn(8) ? (uint)random.Edge() : null, random.Of(40, 40, 40, 12, 52, 56, 108, 124)),
            4);
    }
}

internal sealed class JpegFormat : PictureFormat
{
    private static readonly byte[][] Bases = Encoded(SKEncodedImageFormat.Jpeg);

    public override string Name => "jpeg";

    public override byte[] Make(FuzzRandom random)
    {
        List<byte[]> segments = Segments(random.Of(Bases));
        if (random.OneIn(6))
        {
            segments.Insert(1, Exif(random));
        }

        for (int change = random.Small(4); change > 0; change--)
        {
            int place = random.Below(segments.Count);
            byte[] segment = [.. segments[place]];
            bool isFrame = segment.Length > 10 && segment[1] is 0xC0 or 0xC2;
            switch (random.Below(7))
            {
                case 0 when isFrame:
                    BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(random.Of(5, 7)), (ushort)random.Edge());
                    break;
                case 1 when isFrame:
                    segment[1] = random.Of<byte>(0xC2, 0xC2, 0xC1, 0xC3, 0xC9);
                    break;
                case 2:
                    for (int copies = random.OneIn(10) && segment.Length < 1000 ? random.Between(1, 2000) : 1; copies > 0; copies--)
                    {
                        segments.Insert(place, segment);
                    }

                    break;
                case 3 when segments.Count > 2:
                    segments.RemoveAt(place);
                    continue;
                case 4 when segment.Length > 4:
                    segment[random.Between(4, segment.Length - 1)] = (byte)random.Below(256);
                    break;
                case 5 when segment.Length > 4:
                    segment = random.Damaged(segment, 1);
                    break;
            }

            segments[place] = segment;
        }

        byte[] file = [.. segments.SelectMany(segment => segment)];
        return random.Damaged(random.OneIn(20) ? [.. file, .. new byte[random.Small(300_000)]] : file, 5);
    }

    // A segment is a marker with what follows it up to the next: its head, and of a scan its data.
    private static List<byte[]> Segments(byte[] file)
    {
        List<byte[]> segments = [];
        int begin = 0;
        for (int place = 2; place + 1 < file.Length; place++)
        {
            if (file[place] == 0xFF && file[place + 1] is not (0 or 0xFF) and not (>= 0xD0 and <= 0xD7))
            {
                segments.Add(file[begin..place]);
                begin = place;
                place += file[place + 1] == 0xD9 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(Math.Min(place + 2, file.Length - 2))) + 1;
            }
        }

        segments.Add(file[begin..]);
        return segments;
    }

    private static byte[] Exif(FuzzRandom random)
    {
        byte[] content = random.Damaged([.. "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"u8, (byte)random.Below(12), 0, 0, 0, 0, 0, 0], 2);
        return [0xFF, 0xE1, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];
    }
}

internal sealed class WebpFormat : PictureFormat
{
    private static readonly byte[][] Bases = [.. Encoded(SKEncodedImageFormat.Webp), .. Lossless()];

    public override string Name => "webp";

    public override byte[] Make(FuzzRandom random)
    {
        List<(string Name, byte[] Data)> chunks = Chunks(random.Of(Bases));
        if (random.OneIn(3))
        {
            byte[] extended = new byte[10];
            extended[0] = (byte)random.Or(random.Of(0, 0x10, 0x02, 0x08, 0x3E));
            BinaryPrimitives.WriteUInt32LittleEndian(extended.AsSpan(4), (uint)random.Or(random.Below(400)));
            BinaryPrimitives.WriteUInt16LittleEndian(extended.AsSpan(7), (ushort)random.Or(random.Below(400)));
            chunks.Insert(0, ("VP8X", extended));
        }

        for (int change = random.Small(3); change > 0; change--)
        {
            int place = random.Below(chunks.Count);
            byte[] data = [.. chunks[place].Data];
            switch (random.Below(5))
            {
                case 0 when data.Length > 10:
                    BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(random.Of(1, 6, 0, 3)), (uint)random.Edge());
                    break;
                case 1:
                    data = random.Damaged(data, 1);
                    break;
                case 2:
                    chunks.Add((random.Of("ALPH", "ANIM", "EXIF", "ICCP", "XMP "), random.Bytes(random.Small(200))));
                    break;
                case 3:
                    chunks.Add(("ANMF", [.. new byte[6], .. random.Bytes(3), .. random.Bytes(3), 0, 0, 0, 0, .. Chunk(chunks[place])]));
                    break;
            }

            chunks[place] = (chunks[place].Name, data);
        }

        byte[] content = [.. "WEBP"u8, .. chunks.SelectMany(Chunk)];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)random.Or(content.Length, 20));
        return random.Damaged([.. "RIFF"u8, .. length, .. content], 6);
    }

    private static byte[] Chunk((string Name, byte[] Data) chunk)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, chunk.Data.Length);
        return [.. Encoding.ASCII.GetBytes(chunk.Name), .. length, .. chunk.Data, .. new byte[chunk.Data.Length & 1]];
    }

    private static List<(string, byte[])> Chunks(byte[] file)
    {
        List<(string, byte[])> chunks = [];
        for (int place = 12; place + 8 <= file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(place + 4));
            chunks.Add((Encoding.ASCII.GetString(file, place, 4), file[(place + 8)..Math.Min(place + 8 + length, file.Length)]));
            place += 8 + length + (length & 1);
        }

        return chunks;
    }

    private static IEnumerable<byte[]> Lossless()
    {
        foreach ((int width, int height) in ((int, int)[])[(1, 1), (40, 30), (2000, 1500)])
        {
            using SKBitmap bitmap = new(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            bitmap.Erase(new SKColor(200, 10, 10, 128));
            using SKPixmap pixels = bitmap.PeekPixels()!;
            using SKData data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50))!;
            yield return data.ToArray();
        }
    }
}
