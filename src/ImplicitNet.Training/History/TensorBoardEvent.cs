using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Training.History;

/// <summary>The two events written here, as protocol buffers of TensorFlow's event.proto and summary.proto.</summary>
/// <remarks>
/// Event: 1 wall_time (double, seconds since 1970), 2 step (int64), 3 file_version (string), 5 summary. Summary: 1 value (repeated).
/// Value: 1 tag (string), 2 simple_value (float).
/// </remarks>
internal static class TensorBoardEvent
{
    private const int VarintWire = 0;
    private const int Fixed64Wire = 1;
    private const int BytesWire = 2;
    private const int Fixed32Wire = 5;

    /// <summary>The event that every file begins with.</summary>
    public static ReadOnlySpan<byte> Version(double seconds)
    {
        var message = new ArrayBufferWriter<byte>();
        Double(message, 1, seconds);
        Bytes(message, 3, "brain.Event:2"u8);
        return message.WrittenSpan;
    }

    /// <summary>One number of one curve.</summary>
    public static ReadOnlySpan<byte> Scalar(double seconds, long step, string tag, float number)
    {
        var value = new ArrayBufferWriter<byte>();
        Bytes(value, 1, Encoding.UTF8.GetBytes(tag));
        Float(value, 2, number);

        var summary = new ArrayBufferWriter<byte>();
        Bytes(summary, 1, value.WrittenSpan);

        var message = new ArrayBufferWriter<byte>();
        Double(message, 1, seconds);
        Key(message, 2, VarintWire);
        Varint(message, (ulong)step);
        Bytes(message, 5, summary.WrittenSpan);
        return message.WrittenSpan;
    }

    private static void Key(ArrayBufferWriter<byte> message, int field, int wire) => Varint(message, (ulong)((field << 3) | wire));

    private static void Varint(ArrayBufferWriter<byte> message, ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            message.Write([(byte)(value | 0x80)]);
        }

        message.Write([(byte)value]);
    }

    private static void Double(ArrayBufferWriter<byte> message, int field, double value)
    {
        Key(message, field, Fixed64Wire);
        BinaryPrimitives.WriteDoubleLittleEndian(message.GetSpan(sizeof(double)), value);
        message.Advance(sizeof(double));
    }

    private static void Float(ArrayBufferWriter<byte> message, int field, float value)
    {
        Key(message, field, Fixed32Wire);
        BinaryPrimitives.WriteSingleLittleEndian(message.GetSpan(sizeof(float)), value);
        message.Advance(sizeof(float));
    }

    private static void Bytes(ArrayBufferWriter<byte> message, int field, ReadOnlySpan<byte> value)
    {
        Key(message, field, BytesWire);
        Varint(message, (ulong)value.Length);
        message.Write(value);
    }
}
