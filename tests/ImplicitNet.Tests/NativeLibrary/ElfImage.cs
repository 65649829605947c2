using System.Buffers.Binary;
using System.Text;

namespace ImplicitNet.Tests.NativeLibrary;

/// <summary>A version that an image needs: its name and the flags of its entry, of which 2 says weak.</summary>
internal readonly record struct NeededVersion(string Name, ushort Flags = 0)
{
    public static implicit operator NeededVersion(string name) => new(name);
}

/// <summary>
/// The smallest images a linker could have written: header, names, version needs, section headers. Unlike the code under
/// test, which follows the offsets, this writes every entry where the layout in the specification puts it.
/// </summary>
internal sealed class ElfImage
{
    public const int NeedsStart = 64;

    private readonly List<(string Library, NeededVersion[] Versions)> _needs = [];

    public ElfImage Needs(string library, params NeededVersion[] versions)
    {
        _needs.Add((library, versions));
        return this;
    }

    public byte[] ToBytes()
    {
        var names = new List<byte> { 0 };
        byte[] needs = [.. _needs.SelectMany((need, i) => Need(need.Library, need.Versions, i == _needs.Count - 1, names))];
        int namesStart = NeedsStart + needs.Length;
        int headers = namesStart + names.Count;
        byte[] image =
        [
            0x7f, .. "ELF"u8, 2, 1, 1, .. new byte[9], .. Half(3), .. Half(62), .. Word(1), .. Long(0), .. Long(0), .. Long(headers),
            .. Word(0), .. Half(64), .. Half(56), .. Half(0), .. Half(64), .. Half(3), .. Half(0),
            .. needs, .. names,
            .. Section(0, 0, 0, 0), .. Section(3, namesStart, names.Count, 0), .. Section(0x6ffffffe, NeedsStart, needs.Length, 1),
        ];

        // No version needs: no such section.
        return _needs.Count == 0 ? Patched(image, image.Length - 64 + 4, 0) : image;
    }

    /// <summary>A copy with one byte changed.</summary>
    public static byte[] Patched(byte[] image, int offset, byte value)
    {
        byte[] patched = [.. image];
        patched[offset] = value;
        return patched;
    }

    private static byte[] Need(string library, NeededVersion[] versions, bool last, List<byte> names) =>
    [
        .. Half(1), .. Half(versions.Length), .. Word(Name(library, names)), .. Word(16), .. Word(last ? 0 : 16 * (1 + versions.Length)),
        .. versions.SelectMany((version, i) => (byte[])
        [
            .. Word(0x0812a5c3), .. Half(version.Flags), .. Half(i + 2), .. Word(Name(version.Name, names)),
            .. Word(i == versions.Length - 1 ? 0 : 16),
        ]),
    ];

    private static int Name(string name, List<byte> names)
    {
        int offset = names.Count;
        names.AddRange([.. Encoding.ASCII.GetBytes(name), 0]);
        return offset;
    }

    private static byte[] Section(uint type, int offset, int size, int link) =>
    [
        .. Word(0), .. Word((int)type), .. Long(2), .. Long(offset), .. Long(offset), .. Long(size), .. Word(link), .. Word(1),
        .. Long(4), .. Long(0),
    ];

    private static byte[] Half(int value) => Bytes(2, value);

    private static byte[] Word(int value) => Bytes(4, value);

    private static byte[] Long(long value) => Bytes(8, value);

    private static byte[] Bytes(int count, long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..count];
    }
}
