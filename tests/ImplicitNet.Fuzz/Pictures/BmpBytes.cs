using System.Buffers.Binary;

namespace ImplicitNet.Fuzz.Pictures;

/// <summary>Makes BMP files.</summary>
internal static class BmpBytes
{
    /// <summary>A file with the usual header of 40 bytes, or one of another length that is filled with zeros.</summary>
    public static byte[] Of(int width, int height, int bits, byte[] palette, byte[] pixels, int compression = 0, byte[]? masks = null, uint? begin = null, int headerLength = 40)
    {
        byte[] between = [.. masks ?? [], .. palette];
        byte[] header = new byte[Math.Max(headerLength, 40)];
        int[] fields = [headerLength, width, height, 1 | (bits << 16), compression, pixels.Length];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4 * i), fields[i]);
        }

        byte[] file = [.. "BM"u8, .. new byte[12], .. header[..headerLength], .. between, .. pixels];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(10), begin ?? (uint)(14 + headerLength + between.Length));
        return file;
    }

    public static int RowBytes(int width, int bits) => ((width * bits) + 31) / 32 * 4;

    /// <summary>A right file of random pixels.</summary>
    public static byte[] Random(FuzzRandom random, int width, int height, int bits, bool isTopDown)
    {
        byte[] palette = bits <= 8 ? random.Bytes(4 << bits) : [];
        return Of(width, isTopDown ? -height : height, bits, palette, random.Bytes(RowBytes(width, bits) * height));
    }
}
