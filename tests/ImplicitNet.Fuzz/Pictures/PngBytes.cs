using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace ImplicitNet.Fuzz.Pictures;

/// <summary>Makes PNG files, right ones and others, always with right lengths and checksums.</summary>
internal static class PngBytes
{
    private static readonly (int Row, int RowStep, int Column, int ColumnStep)[] Passes =
        [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)];

    /// <summary>A file of chunks.</summary>
    public static byte[] Of(IEnumerable<(string Name, byte[] Data)> chunks)
    {
        List<byte> file = [0x89, .. "PNG\r\n\x1A\n"u8];
        foreach ((string name, byte[] data) in chunks)
        {
            byte[] named = [.. Encoding.Latin1.GetBytes(name), .. data];
            file.AddRange([.. BigEndian((uint)data.Length), .. named, .. BigEndian(Crc32.HashToUInt32(named))]);
        }

        return [.. file];
    }

    public static byte[] Header(uint width, uint height, byte depth, byte type, byte interlace, byte compression = 0, byte filter = 0) =>
        [.. BigEndian(width), .. BigEndian(height), depth, type, compression, filter, interlace];

    /// <summary>What is before compression: for each row of each pass a filter and bytes.</summary>
    public static byte[] Rows(int width, int height, int bits, bool isInterlaced, Func<byte> filter, Func<int, byte[]> bytes)
    {
        List<byte> rows = [];
        foreach ((int row, int rowStep, int column, int columnStep) in isInterlaced ? Passes : [(0, 1, 0, 1)])
        {
            int columns = (width - column + columnStep - 1) / columnStep;
            for (int y = row; columns > 0 && y < height; y += rowStep)
            {
                rows.Add(filter());
                rows.AddRange(bytes(((columns * bits) + 7) / 8));
            }
        }

        return [.. rows];
    }

    public static byte[] Compressed(byte[] data)
    {
        using MemoryStream packed = new();
        using (ZLibStream stream = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }

    /// <summary>A right file of random pixels.</summary>
    public static byte[] Random(FuzzRandom random, int width, int height, byte type, byte depth, bool isInterlaced)
    {
        int bits = depth * type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        byte[] rows = Rows(width, height, bits, isInterlaced, () => (byte)random.Below(5), random.Bytes);
        List<(string, byte[])> chunks = [("IHDR", Header((uint)width, (uint)height, depth, type, (byte)(isInterlaced ? 1 : 0)))];
        if (type == 3)
        {
            chunks.Add(("PLTE", random.Bytes(3 << depth)));
        }

        if (random.OneIn(3) && type is 0 or 2 or 3)
        {
            chunks.Add(("tRNS", type == 3 ? random.Bytes(random.Between(1, 1 << depth)) : [.. Enumerable.Range(0, type == 0 ? 1 : 3).SelectMany(_ => new byte[] { 0, (byte)random.Below(1 << Math.Min((int)depth, 8)) })]));
        }

        byte[] packed = Compressed(rows);
        int cut = random.Below(packed.Length + 1);
        return Of([.. chunks, ("tEXt", [.. "a\0b"u8]), ("IDAT", packed[..cut]), ("IDAT", packed[cut..]), ("IEND", [])]);
    }

    private static byte[] BigEndian(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
