using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Fuzz.Files;

/// <summary>Files made from the description of the format alone, with no help from the writer under test.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Length, header text, data.</summary>
    public static byte[] Make(string header, params byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        return [.. length, .. text, .. data];
    }

    /// <summary>As <see cref="Make(string, byte[])"/>, with zeros as data.</summary>
    public static byte[] Make(string header, int dataLength) => Make(header, new byte[dataLength]);
}
