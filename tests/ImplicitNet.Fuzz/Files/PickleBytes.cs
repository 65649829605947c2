using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ImplicitNet.Fuzz.Files;

/// <summary>Files assembled opcode by opcode from the description of the format, with no help from the writer under test.</summary>
internal static class PickleBytes
{
    public static byte[] Mark => "("u8.ToArray();

    public static byte[] None => "N"u8.ToArray();

    public static byte[] False => [0x89];

    /// <summary>A whole file: protocol, content, stop, in an archive with the records.</summary>
    public static byte[] File(byte[] content, params (string Key, byte[] Bytes)[] records) => FileOf(Pickle(content), records);

    public static byte[] Pickle(byte[] content, byte protocol = 2) => [0x80, protocol, .. content, (byte)'.'];

    public static byte[] FileOf(byte[] pickle, params (string Key, byte[] Bytes)[] records) => Zip(
        [("archive/data.pkl", pickle), .. records.Select(record => ($"archive/data/{record.Key}", record.Bytes)), ("archive/version", "3\n"u8.ToArray())]);

    public static byte[] Zip((string Name, byte[] Bytes)[] entries, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in entries)
            {
                ZipArchiveEntry entry = zip.CreateEntry(name, level);
                entry.LastWriteTime = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream content = entry.Open();
                content.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Text(string text)
    {
        byte[] letters = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, letters.Length);
        return [(byte)'X', .. length, .. letters];
    }

    public static byte[] Int(long number)
    {
        byte[] digits = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(digits, number);
        return number is >= int.MinValue and <= int.MaxValue ? [(byte)'J', .. digits[..4]] : [0x8A, 8, .. digits];
    }

    public static byte[] Global(string module, string name) => Encoding.UTF8.GetBytes($"c{module}\n{name}\n");

    public static byte[] Tuple(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    public static byte[] Ints(params long[] numbers) => Tuple([.. numbers.Select(Int)]);

    public static byte[] Dictionary(params (byte[] Key, byte[] Value)[] items) =>
        [(byte)'}', (byte)'(', .. items.SelectMany(item => (byte[])[.. item.Key, .. item.Value]), (byte)'u'];

    public static byte[] Dictionary(params (string Key, byte[] Value)[] items) => Dictionary([.. items.Select(item => (Text(item.Key), item.Value))]);

    public static byte[] Call(byte[] callable, params byte[][] arguments) => [.. callable, .. Tuple(arguments), (byte)'R'];

    public static byte[] Ordered(params (string Key, byte[] Value)[] items) =>
        [.. Call(Global("collections", "OrderedDict")), .. Dictionary(items)[1..]];

    public static byte[] Storage(string type, string key, long elements, string device = "cpu") =>
        [.. Tuple(Text("storage"), Global("torch", type), Text(key), Text(device), Int(elements)), (byte)'Q'];

    public static byte[] Tensor(byte[] storage, long offset, long[] size, long[] stride) =>
        Call(Global("torch._utils", "_rebuild_tensor_v2"), storage, Int(offset), Ints(size), Ints(stride), False, Ordered());

    /// <summary>Row-major float32 of so many elements.</summary>
    public static byte[] Floats(string key, long elements) => Tensor(Storage("FloatStorage", key, elements), 0, [elements], [1]);

    public static byte[] Bytes(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
