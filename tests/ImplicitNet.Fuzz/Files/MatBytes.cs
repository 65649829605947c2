using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ImplicitNet.Fuzz.Files;

/// <summary>Writes small MAT files of level 5 as MATLAB does.</summary>
internal static class MatBytes
{
    public const int Int8 = 1, UInt8 = 2, Int16 = 3, UInt16 = 4, Int32 = 5, UInt32 = 6, Single = 7, Double = 9, Int64 = 12, UInt64 = 13, Matrix = 14, Compressed = 15;
    public const int DoubleClass = 6, UInt8Class = 9;

    public static byte[] File(params byte[][] elements) => [.. Header(), .. elements.SelectMany(element => element)];

    public static byte[] Header(string text = "MATLAB 5.0 MAT-file, Platform: GLNXA64", params byte[] end)
    {
        byte[] header = new byte[128];
        header.AsSpan(0, 124).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text).CopyTo(header, 0);
        byte[] versionAndOrder = end.Length == 4 ? end : [0, 1, (byte)'I', (byte)'M'];
        versionAndOrder.CopyTo(header, 124);
        return header;
    }

    /// <summary>An element with its padding to 8 bytes; of 1 to 4 bytes in the small form.</summary>
    public static byte[] Element(int type, byte[] content)
    {
        if (content.Length is >= 1 and <= 4)
        {
            return [.. Number((content.Length << 16) | type), .. content, .. new byte[4 - content.Length]];
        }

        return [.. Number(type), .. Number(content.Length), .. content, .. new byte[-content.Length & 7]];
    }

    public static byte[] Array(string name, int arrayClass, int[] sizes, int type, byte[] content, int flags = 0) => Element(Matrix,
    [
        .. Element(UInt32, [.. Number(arrayClass | flags), .. Number(0)]), .. Element(Int32, [.. sizes.SelectMany(Number)]),
        .. Element(Int8, Encoding.ASCII.GetBytes(name)), .. Element(type, content),
    ]);

    /// <summary>An element of a compressed one; it is not padded.</summary>
    public static byte[] Packed(byte[] element)
    {
        using MemoryStream packed = new();
        using (ZLibStream packer = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            packer.Write(element);
        }

        return [.. Number(Compressed), .. Number((int)packed.Length), .. packed.ToArray()];
    }

    /// <summary>The images of SVHN: uint8 [32, 32, 3, count], the rows varying fastest; each value depends on its place and image.</summary>
    public static byte[] Images(int count) =>
        Array("X", UInt8Class, count == 1 ? [32, 32, 3] : [32, 32, 3, count], UInt8, [.. Enumerable.Range(0, count * 3072).Select(Value)]);

    public static byte Value(int place) => (byte)((place * 7) + (place / 1024 * 31));

    public static byte[] Labels(params byte[] labels) => Array("y", UInt8Class, [labels.Length, 1], UInt8, labels);

    public static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
