using System.Buffers.Binary;
using System.IO.Compression;

namespace ImplicitNet.Training.Data;

/// <summary>The bytes of one IDX file, unpacked where they were packed, with the place reached and the faults that name it.</summary>
internal sealed class IdxStream : IDisposable
{
    // One chunk holds all of a small file, and a file that lies about its size costs no more than this.
    private const int FirstChunk = 1 << 16;

    // Deflate codes at most 258 bytes in two bits: it cannot pack tighter than 1032 to 1.
    private const long TightestPacking = 1032;

    private readonly string _name;
    private readonly Stream _file;
    private readonly Stream _source;
    private readonly GZipStream? _unpacked;
    private readonly long _largestLength;
    private long _offset;

    public IdxStream(Stream stream, string name)
    {
        _name = name;
        _file = stream;
        _source = stream;
        _largestLength = stream.Length - stream.Position;
        Span<byte> start = stackalloc byte[2];
        int read = ReadUpTo(start);
        stream.Position -= read;
        _offset = 0;
        if (read == 2 && start is [0x1F, 0x8B])
        {
            _unpacked = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
            _source = _unpacked;
            _largestLength = _largestLength > long.MaxValue / TightestPacking ? long.MaxValue : _largestLength * TightestPacking;
        }
    }

    public void ExpectMagic(uint magic, string content)
    {
        uint found = ReadNumber("magic number");
        if (found != magic)
        {
            throw Fault(0, $"magic number 0x{found:X8}, expected 0x{magic:X8}, that of an IDX file of {content}.");
        }
    }

    public int ReadSize(string what)
    {
        long start = _offset;
        uint size = ReadNumber(what);
        return size is >= 1 and <= (uint)IdxFile.MaximumBytes
            ? (int)size
            : throw Fault(start, $"{what} is {size}, expected 1 to {IdxFile.MaximumBytes}.");
    }

    /// <summary>Reads exactly <paramref name="expected"/> bytes, after which the file must end.</summary>
    public byte[] ReadToEnd(Int128 expected, string announced)
    {
        if (expected > IdxFile.MaximumBytes)
        {
            throw Fault(4, $"{announced} are announced, which is more than the {IdxFile.MaximumBytes} bytes that a file may hold.");
        }

        long end = _offset + (long)expected;
        if (_largestLength < end)
        {
            throw Fault(4, $"{announced} are announced, which take {end} bytes, but the file is too short for them.");
        }

        int length = (int)expected;
        byte[] values = new byte[Math.Min(length, FirstChunk)];
        int filled = 0;
        while (true)
        {
            filled += ReadUpTo(values.AsSpan(filled));
            if (filled < values.Length)
            {
                throw Fault(_offset, $"the file ends here, expected {end} bytes for {announced}.");
            }

            if (filled == length)
            {
                break;
            }

            Array.Resize(ref values, (int)Math.Min(length, 2L * values.Length));
        }

        Span<byte> one = stackalloc byte[1];
        if (ReadUpTo(one) > 0)
        {
            throw Fault(end, $"more bytes follow, expected the end of the file after {announced}.");
        }

        if (_unpacked is not null)
        {
            CheckPackedEnd(end);
        }

        return values;
    }

    public DataFileException Fault(long offset, string fault, Exception? cause = null) => new(_name, offset, fault, cause);

    public void Dispose() => _unpacked?.Dispose();

    // GZipStream takes a packed file without its end for a whole one. That end is the unpacked size, least significant byte first.
    private void CheckPackedEnd(long unpackedSize)
    {
        Span<byte> bytes = stackalloc byte[4];
        _file.Position = _file.Length - bytes.Length;
        _file.ReadExactly(bytes);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (size != (uint)unpackedSize)
        {
            throw Fault(
                unpackedSize, $"the packed file ends in the size {size}, expected {unpackedSize}: it was cut short, or bytes were added.");
        }
    }

    private uint ReadNumber(string what)
    {
        Span<byte> bytes = stackalloc byte[4];
        long start = _offset;
        return ReadUpTo(bytes) == bytes.Length
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : throw Fault(start, $"the file ends inside the {what}, expected 4 bytes.");
    }

    private int ReadUpTo(Span<byte> target)
    {
        int read;
        try
        {
            read = _source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        }
        catch (Exception cause) when (cause is InvalidDataException or IOException)
        {
            throw Fault(_offset, $"the data cannot be {(_unpacked is null ? "read" : "unpacked")}: {cause.Message}", cause);
        }

        _offset += read;
        return read;
    }
}
