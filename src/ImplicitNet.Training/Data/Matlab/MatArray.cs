using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ImplicitNet.Training.Data.Matlab;

/// <summary>One array of a MAT file: its name and sizes, and its numbers, which are read as they come and once.</summary>
internal sealed class MatArray
{
    private const int MaximumDimensions = 32;
    private const int LongestName = 256;
    private const int ComplexFlag = 0x0800;

    // The classes of arrays of numbers, from double to the 64-bit whole numbers; the others are cells, structures and text.
    private const int FirstNumericClass = 6;
    private const int LastNumericClass = 15;
    private const int ByteClass = 9;

    private readonly Stream _stream;
    private readonly string _path;
    private readonly long _start;
    private readonly int _class;
    private readonly bool _isComplex;
    private long _left;
    private long _padding;

    /// <summary>Reads what stands before the numbers.</summary>
    /// <param name="stream">Stands behind the type and size of the array.</param>
    /// <param name="length">Bytes of the array.</param>
    /// <param name="path">The file.</param>
    /// <param name="start">Where in the file the array begins, for messages.</param>
    /// <exception cref="DataFileException">The array is damaged.</exception>
    public MatArray(Stream stream, long length, string path, long start)
    {
        (_stream, _left, _path, _start) = (stream, length, path, start);
        byte[] flags = ReadElement(MatType.UInt32, 8, "flags");
        if (flags.Length < 8)
        {
            throw Fault("the flags of an array are missing.");
        }

        _class = flags[0];
        _isComplex = (BinaryPrimitives.ReadUInt32LittleEndian(flags) & ComplexFlag) != 0;
        byte[] sizes = ReadElement(MatType.Int32, 4 * MaximumDimensions, "sizes");
        Sizes = [.. sizes.Chunk(4).Where(size => size.Length == 4).Select(size => BinaryPrimitives.ReadInt32LittleEndian(size))];
        Name = Encoding.Latin1.GetString(ReadElement(MatType.Int8, LongestName, "name"));
    }

    public string Name { get; }

    /// <summary>Sizes of the dimensions as the file has them, the first varying fastest; not checked.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>The sizes in words.</summary>
    public string Shape =>
        Sizes.Count == 0 ? "without sizes" : string.Join(" x ", Sizes.Select(size => size.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Whether all of it has been read.</summary>
    public bool IsAtEnd => _left == 0;

    /// <summary>Begins to read the numbers of an array of bytes.</summary>
    /// <exception cref="DataFileException">It is none, or has not as many.</exception>
    public void BeginBytes(int count)
    {
        (MatType type, long length) = BeginNumbers();
        if (_class != ByteClass || type != MatType.UInt8 || length != count)
        {
            throw Fault($"{Name} has {length} bytes of class {_class} and type {type}, "
                + $"expected {count} of class {ByteClass} (uint8) and type {MatType.UInt8}.");
        }
    }

    /// <summary>Reads the next bytes.</summary>
    /// <exception cref="DataFileException">The file ends.</exception>
    public void ReadBytes(Span<byte> target) => ReadExactly(target);

    /// <summary>Reads all numbers of an array, whatever their type.</summary>
    /// <exception cref="DataFileException">They are not as many, or no real numbers.</exception>
    public double[] ReadNumbers(int count)
    {
        (MatType type, long length) = BeginNumbers();
        int width = type switch
        {
            MatType.Int8 or MatType.UInt8 => 1,
            MatType.Int16 or MatType.UInt16 => 2,
            MatType.Int32 or MatType.UInt32 or MatType.Single => 4,
            MatType.Double or MatType.Int64 or MatType.UInt64 => 8,
            _ => throw Fault($"{Name} has numbers of type {type}, which are not read here."),
        };
        if (length != (long)count * width)
        {
            throw Fault($"{Name} has {length} bytes, expected {count} numbers of {width}.");
        }

        double[] values = new double[count];
        Span<byte> number = stackalloc byte[width];
        for (int index = 0; index < count; index++)
        {
            ReadExactly(number);
            values[index] = type switch
            {
                MatType.Int8 => (sbyte)number[0],
                MatType.UInt8 => number[0],
                MatType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(number),
                MatType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(number),
                MatType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(number),
                MatType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(number),
                MatType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(number),
                MatType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(number),
                MatType.Single => BinaryPrimitives.ReadSingleLittleEndian(number),
                _ => BinaryPrimitives.ReadDoubleLittleEndian(number),
            };
        }

        return values;
    }

    /// <summary>Checks that the array ends behind its numbers.</summary>
    /// <exception cref="DataFileException">More follows.</exception>
    public void End()
    {
        Skip(_padding);
        if (_left > 0)
        {
            throw Fault($"{_left} bytes follow the numbers of {Name}.");
        }
    }

    public DataFileException Fault(string fault) => new(_path, _start, fault);

    private (MatType Type, long Length) BeginNumbers()
    {
        if (_isComplex || _class is < FirstNumericClass or > LastNumericClass)
        {
            throw Fault($"{Name} is no array of real numbers (class {_class}{(_isComplex ? ", complex" : "")}).");
        }

        (MatType type, long length, _padding) = ReadTag();
        return length <= _left
            ? (type, length)
            : throw Fault($"{Name} announces {length} bytes of numbers, and the array has {_left} left.");
    }

    private byte[] ReadElement(MatType expected, int maximum, string what)
    {
        (MatType type, long length, long padding) = ReadTag();
        if (type != expected || length > maximum || length > _left)
        {
            throw Fault(
                $"the {what} of an array have type {type} and {length} bytes, expected {expected} and {Math.Min(maximum, _left)} at most.");
        }

        byte[] content = new byte[length];
        ReadExactly(content);
        Skip(padding);
        return content;
    }

    // A small element has its size in the upper half of its type, and its data, at most 4 bytes, where else the size is.
    private (MatType Type, long Length, long Padding) ReadTag()
    {
        Span<byte> tag = stackalloc byte[4];
        ReadExactly(tag);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(tag);
        uint small = first >> 16;
        if (small != 0)
        {
            return small <= 4
                ? ((MatType)(first & 0xFFFF), small, 4 - small)
                : throw Fault($"a small element of {small} bytes, expected 4 at most.");
        }

        ReadExactly(tag);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tag);
        return ((MatType)first, length, -(long)length & 7);
    }

    private void Skip(long count)
    {
        Span<byte> passed = stackalloc byte[8];
        ReadExactly(passed[..(int)Math.Min(count, _left)]);
    }

    private void ReadExactly(Span<byte> target)
    {
        if (target.Length > _left)
        {
            throw Fault("an element of an array reaches beyond its end.");
        }

        int read;
        try
        {
            read = _stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        }
        catch (Exception cause) when (cause is InvalidDataException or (IOException and not DataFileException))
        {
            throw new DataFileException(_path, _start, $"the array cannot be unpacked: {cause.Message}", cause);
        }

        _left -= read;
        if (read < target.Length)
        {
            throw Fault("the array ends inside an element: the file was cut short.");
        }
    }
}
