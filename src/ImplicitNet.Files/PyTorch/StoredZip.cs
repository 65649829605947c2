using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Files.PyTorch;

/// <summary>
/// Writes a zip archive of uncompressed records, the data of each aligned to 64 bytes as PyTorch aligns them, so that they
/// can be mapped into memory. (System.IO.Compression cannot align.)
/// </summary>
/// <param name="stream">From its present position on; need not know its position.</param>
/// <param name="largest">Numbers of this size and above are written in the zip64 form.</param>
internal sealed class StoredZip(Stream stream, long largest = uint.MaxValue)
{
    private const int Alignment = 64;
    private const int LocalHeaderLength = 30;
    private const ushort Zip64Version = 45;
    private const ushort Utf8Names = 0x0800;

    // 1 January 1980, the first day that the format knows.
    private const ushort FirstDay = 0x21;

    // What PyTorch calls its padding, an extra field that others skip.
    private const ushort PaddingField = 0x4246;
    private const ushort Zip64Field = 1;
    private readonly List<Record> _records = [];
    private long _position;

    /// <summary>Adds a record.</summary>
    /// <param name="name">Its path in the archive.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="checksum">Its CRC-32.</param>
    /// <param name="write">Writes exactly so many bytes.</param>
    public void Add(string name, long length, uint checksum, Action<Stream> write)
    {
        Record record = new(Encoding.UTF8.GetBytes(name), length, checksum, _position);
        _records.Add(record);
        byte[] sizes = length >= largest ? Field(Zip64Field, length, length) : [];
        int unpadded = LocalHeaderLength + record.Name.Length + sizes.Length + 4;
        int padding = (int)((Alignment - ((_position + unpadded) % Alignment)) % Alignment);
        byte[] extra = [.. sizes, .. Numbers(PaddingField, (ushort)padding), .. Enumerable.Repeat((byte)'Z', padding)];
        Write([.. Numbers(0x04034B50u), .. Common(record, extra.Length), .. record.Name, .. extra]);
        write(stream);
        _position += length;
    }

    /// <summary>Writes the directory; nothing can be added afterwards.</summary>
    public void Finish()
    {
        long begin = _position;
        foreach (Record record in _records)
        {
            byte[] extra = record.Length >= largest || record.Begin >= largest
                ? Field(Zip64Field, record.Length, record.Length, record.Begin)
                : [];
            bool isLong = extra.Length > 0;
            Write(
            [
                .. Numbers(0x02014B50u), .. Numbers(Zip64Version), .. Common(record, extra.Length, isLong),
                .. Numbers((ushort)0, (ushort)0, (ushort)0), .. Numbers(0u),
                .. Numbers(isLong ? uint.MaxValue : (uint)record.Begin), .. record.Name, .. extra,
            ]);
        }

        long length = _position - begin;
        if (_records.Count >= Math.Min(largest, ushort.MaxValue) || begin >= largest || length >= largest)
        {
            long directory = _position;
            Write([.. Numbers(0x06064B50u), .. Numbers(44L), .. Numbers(Zip64Version, Zip64Version), .. Numbers(0u, 0u),
                .. Numbers(_records.Count, _records.Count, length, begin)]);
            Write([.. Numbers(0x07064B50u, 0u), .. Numbers(directory), .. Numbers(1u)]);
        }

        ushort count = (ushort)Math.Min(_records.Count, ushort.MaxValue);
        Write([.. Numbers(0x06054B50u), .. Numbers((ushort)0, (ushort)0, count, count), .. Numbers(Short(length), Short(begin)),
            .. Numbers((ushort)0)]);
    }

    /// <summary>What the header before the data and the one in the directory have in common, from the version on.</summary>
    private byte[] Common(Record record, int extraLength, bool isLong = false)
    {
        uint length = isLong || record.Length >= largest ? uint.MaxValue : (uint)record.Length;
        return
        [
            .. Numbers(Zip64Version, Utf8Names, (ushort)0, (ushort)0, FirstDay), .. Numbers(record.Checksum, length, length),
            .. Numbers((ushort)record.Name.Length, (ushort)extraLength),
        ];
    }

    private uint Short(long number) => number >= largest ? uint.MaxValue : (uint)number;

    private static byte[] Field(ushort kind, params long[] numbers) =>
        [.. Numbers(kind, (ushort)(8 * numbers.Length)), .. Numbers(numbers)];

    private static byte[] Numbers(params ReadOnlySpan<ushort> numbers)
    {
        byte[] bytes = new byte[2 * numbers.Length];
        for (int index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * index), numbers[index]);
        }

        return bytes;
    }

    private static byte[] Numbers(params ReadOnlySpan<uint> numbers)
    {
        byte[] bytes = new byte[4 * numbers.Length];
        for (int index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * index), numbers[index]);
        }

        return bytes;
    }

    private static byte[] Numbers(params ReadOnlySpan<long> numbers)
    {
        byte[] bytes = new byte[8 * numbers.Length];
        for (int index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * index), numbers[index]);
        }

        return bytes;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _position += bytes.Length;
    }

    private sealed record Record(byte[] Name, long Length, uint Checksum, long Begin);
}
