using System.Buffers.Binary;
using System.Numerics;

namespace ImplicitNet.Training.History;

/// <summary>
/// The TFRecord framing of event files: length, checksum of the length, content, checksum of the content, all little endian.
/// </summary>
internal static class TensorBoardFraming
{
    /// <summary>Writes one record.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> content)
    {
        Span<byte> head = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[sizeof(ulong)..], MaskedChecksum(head[..sizeof(ulong)]));
        Span<byte> tail = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedChecksum(content));
        stream.Write(head);
        stream.Write(content);
        stream.Write(tail);
    }

    // CRC-32C (Castagnoli). The format rotates it by 15 bits and adds a constant, so that a checksum of data with checksums in it stays
    // good.
    private static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }
}
