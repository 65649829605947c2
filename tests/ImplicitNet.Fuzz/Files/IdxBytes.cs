using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace ImplicitNet.Fuzz.Files;

/// <summary>Writes small IDX files for tests.</summary>
internal static class IdxBytes
{
    public static byte[] Of(uint magic, uint[] sizes, ReadOnlySpan<byte> values)
    {
        byte[] file = new byte[4 + (4 * sizes.Length) + values.Length];
        BinaryPrimitives.WriteUInt32BigEndian(file, magic);
        for (int index = 0; index < sizes.Length; index++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(4 + (4 * index)), sizes[index]);
        }

        values.CopyTo(file.AsSpan(4 + (4 * sizes.Length)));
        return file;
    }

    public static byte[] Images(int count, int height, int width)
    {
        byte[] values = [.. Enumerable.Range(0, count * height * width).Select(place => (byte)place)];
        return Of(0x0803, [(uint)count, (uint)height, (uint)width], values);
    }

    public static byte[] Labels(params byte[] labels) => Of(0x0801, [(uint)labels.Length], labels);

    public static byte[] Packed(ReadOnlySpan<byte> file)
    {
        using MemoryStream packed = new();
        using (GZipStream packer = new(packed, CompressionLevel.Fastest))
        {
            packer.Write(file);
        }

        return packed.ToArray();
    }

    /// <summary>The checksum that the publishers of IDX files give, in lower-case hexadecimal digits.</summary>
    public static string Md5(ReadOnlySpan<byte> file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        hash.AppendData(file);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
