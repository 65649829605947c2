using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ImplicitNet.Fuzz.Files;

/// <summary>Writes small batches of CIFAR-10 in both forms, and archives of them.</summary>
internal static class Cifar10Bytes
{
    public const int ImageBytes = 3072;

    /// <summary>Three planes of one image: each pixel differs from its neighbours and from its other colours.</summary>
    public static byte[] Planes(int seed) => [.. Enumerable.Range(0, ImageBytes).Select(place => (byte)((place * 7) + (place / 1024 * 50) + seed))];

    public static byte[] Binary(params byte[] labels) => [.. labels.SelectMany((label, index) => (byte[])[label, .. Planes(label + index)])];

    /// <summary>As Python 2 pickles the published dictionary with protocol 2.</summary>
    public static byte[] Pickled(params byte[] labels)
    {
        byte[] planes = [.. labels.SelectMany((label, index) => Planes(label + index))];
        return
        [
            .. Raw("\u0080\u0002}q\u0001("),
            .. Text("batch_label"), .. Raw("q\u0002"), .. Text("training batch 1 of 5"), .. Raw("q\u0003"),
            .. Text("labels"), .. Raw("q\u0004]q\u0005("), .. labels.SelectMany(Number), (byte)'e',
            .. Text("data"), .. Raw("q\u0006"), .. Array(labels.Length, planes),
            .. Text("filenames"), .. Raw("]q\u000c("), .. labels.SelectMany(label => Text($"image_{label}.png")), .. Raw("eu."),
        ];
    }

    /// <summary>An array of bytes as NumPy is pickled: its maker, an empty array, and the state that it is then told.</summary>
    public static byte[] Array(int rows, byte[] content, string type = "u1") =>
    [
        .. Raw("cnumpy.core.multiarray\n_reconstruct\nq\u0007cnumpy\nndarray\nq\u0008K\u0000\u0085U\u0001b\u0087Rq\u0009(K\u0001"),
        .. Number(rows), .. Number(ImageBytes), .. Raw("\u0086cnumpy\ndtype\nq\u000a"), .. Text(type), .. Raw("K\u0000K\u0001\u0087Rq\u000b(K\u0003"),
        .. Raw("U\u0001|NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\u0000tb\u0089T"), .. BitConverter.GetBytes(content.Length), .. content, .. Raw("tb"),
    ];

    // One byte a letter: a literal in UTF-8 would make two of those from 0x80 on.
    public static byte[] Raw(string text) => Encoding.Latin1.GetBytes(text);

    public static byte[] Text(string text) => [(byte)'U', (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    public static byte[] Number(byte value) => [(byte)'K', value];

    public static byte[] Number(int value)
    {
        byte[] number = [(byte)'M', 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(number.AsSpan(1), (ushort)value);
        return number;
    }

    /// <summary>An archive of a folder, some attributes that are passed over, and the files; with the end that tar writes.</summary>
    public static byte[] Tar(params IEnumerable<(string Name, byte[] Content)> files) =>
    [
        .. Member("folder/", [], '5'), .. Member("attributes", "11 size=99\n"u8.ToArray(), 'x'),
        .. files.SelectMany(file => Member($"folder/{file.Name}", file.Content, '0')), .. new byte[1024],
    ];

    public static byte[] Member(string name, byte[] content, char type, long? announced = null)
    {
        byte[] header = new byte[512];
        Put(0, name);
        Put(100, "0000644");
        Put(124, Convert.ToString(announced ?? content.Length, 8).PadLeft(11, '0'));
        Put(148, "        ");
        header[156] = (byte)type;
        Put(257, "ustar\u000000");
        Put(148, Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0");
        return [.. header, .. content, .. new byte[-content.Length & 511]];

        void Put(int place, string text) => Encoding.ASCII.GetBytes(text).CopyTo(header, place);
    }

    /// <summary>The names of the six files, with different labels in each, and one image more in the test batch.</summary>
    public static IEnumerable<(string Name, byte[] Content)> Files(string extension, Func<byte[], byte[]> write) =>
        Enumerable.Range(1, 6).Select(number => (
            (number < 6 ? string.Create(CultureInfo.InvariantCulture, $"data_batch_{number}") : "test_batch") + extension,
            write(number < 6 ? [(byte)number, 9] : [6, 0, 1])));
}
