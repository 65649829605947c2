using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Files.Pickles;

/// <summary>The bytes of a pickle, read from front to back; nothing is taken that is not there.</summary>
/// <param name="bytes">All of them.</param>
/// <param name="fault">What to throw: from the byte at which the opcode stands, a problem without a full stop, and its cause.</param>
internal sealed class PickleSource(byte[] bytes, Func<int, string, Exception?, Exception> fault)
{
    /// <summary>Letters of the longest class, function or key that is taken: names are joined, copied and told.</summary>
    public const int LongestName = 1000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private int _next;

    /// <summary>Where the opcode stands that is being carried out.</summary>
    private int _opcode;

    public PickleOpcode Opcode()
    {
        _opcode = _next;
        return (PickleOpcode)Byte();
    }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double Float() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A whole number of so many bytes, two's complement; null where it is beyond 64 bits.</summary>
    public long? Long(uint length)
    {
        ReadOnlySpan<byte> digits = Take(length);
        if (digits.Length > sizeof(long))
        {
            return null;
        }

        Span<byte> wide = stackalloc byte[sizeof(long)];
        wide.Fill(digits.Length > 0 && digits[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        digits.CopyTo(wide);
        return BinaryPrimitives.ReadInt64LittleEndian(wide);
    }

    public string Text(ulong length)
    {
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException exception)
        {
            throw Fault("the text is not valid UTF-8", exception);
        }
    }

    /// <summary>The strings of Python 2, which have no encoding.</summary>
    public string Latin1(ulong length) => Encoding.Latin1.GetString(Take(length));

    /// <summary>A text up to the end of a line.</summary>
    public string Line()
    {
        int length = bytes.AsSpan(_next).IndexOf((byte)'\n');
        if (length is < 0 or > LongestName)
        {
            throw Fault($"a name does not end within {LongestName} bytes");
        }

        string line = Text((ulong)length);
        _next++;
        return line;
    }

    /// <summary>So many bytes, which stay where they are.</summary>
    public ReadOnlyMemory<byte> Bytes(ulong length)
    {
        Take(length);
        return bytes.AsMemory(_next - (int)length, (int)length);
    }

    /// <summary>An error with the place of the present opcode.</summary>
    public Exception Fault(string problem, Exception? cause = null) => fault(_opcode, problem, cause);

    private ReadOnlySpan<byte> Take(ulong length)
    {
        int left = bytes.Length - _next;
        if (length > (ulong)left)
        {
            throw Fault($"{length} bytes are announced and {left} follow: it was cut short");
        }

        ReadOnlySpan<byte> taken = bytes.AsSpan(_next, (int)length);
        _next += (int)length;
        return taken;
    }
}
