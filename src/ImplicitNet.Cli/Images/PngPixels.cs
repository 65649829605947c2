using System.Buffers.Binary;

namespace ImplicitNet.Cli.Images;

/// <summary>How the bytes of a PNG's row are pixels.</summary>
internal sealed class PngPixels
{
    private const uint Opaque = 0xFF000000;
    private const int Palette = 3;
    private readonly int _type;
    private readonly int _depth;
    private readonly int _samples;
    private readonly uint[] _colours;
    private readonly byte[] _transparent;

    public PngPixels(byte type, byte depth, byte[] palette, byte[] transparency)
    {
        (_type, _depth) = (type, depth);
        _samples = type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        _colours = Colours(type, depth, palette, transparency);
        _transparent = type is 0 or 2 && transparency.Length >= 2 * _samples ? transparency[..(2 * _samples)] : [];
    }

    /// <summary>Bits of a pixel.</summary>
    public int Bits => _samples * _depth;

    /// <summary>Bytes from a pixel to the one on its left; at least 1.</summary>
    public int BytesBack => Math.Max(Bits / 8, 1);

    public static bool IsKnown(byte type, byte depth) => type switch
    {
        0 => depth is 1 or 2 or 4 or 8 or 16,
        Palette => depth is 1 or 2 or 4 or 8,
        2 or 4 or 6 => depth is 8 or 16,
        _ => false,
    };

    public int RowBytes(int columns) => (int)((((long)columns * Bits) + 7) / 8);

    /// <summary>The pixels of a row: alpha, blue, green, red from the highest byte down. Of 16 bits the upper eight are taken.</summary>
    public void Colours(ReadOnlySpan<byte> row, Span<uint> colours)
    {
        if (_samples == 1 && _depth <= 8)
        {
            int mask = (1 << _depth) - 1;
            for (int i = 0; i < colours.Length; i++)
            {
                int bit = i * _depth;
                colours[i] = _colours[(row[bit >> 3] >> (8 - _depth - (bit & 7))) & mask];
            }

            return;
        }

        int wide = _depth / 8, step = wide * _samples;
        for (int i = 0, place = 0; i < colours.Length; i++, place += step)
        {
            uint first = row[place];
            colours[i] = _type switch
            {
                0 => Opaque | (first * 0x010101),
                2 => Opaque | first | ((uint)row[place + wide] << 8) | ((uint)row[place + (2 * wide)] << 16),
                4 => ((uint)row[place + wide] << 24) | (first * 0x010101),
                _ => first | ((uint)row[place + wide] << 8) | ((uint)row[place + (2 * wide)] << 16) | ((uint)row[place + (3 * wide)] << 24),
            };
            if (_transparent.Length > 0 && IsTransparent(row.Slice(place, step)))
            {
                colours[i] &= ~Opaque;
            }
        }
    }

    // The one colour that is transparent is told by 16 bits a sample, whatever the samples have.
    private bool IsTransparent(ReadOnlySpan<byte> pixel)
    {
        for (int sample = 0; sample < _samples; sample++)
        {
            int value = _depth == 16 ? BinaryPrimitives.ReadUInt16BigEndian(pixel[(2 * sample)..]) : pixel[sample];
            if (value != BinaryPrimitives.ReadUInt16BigEndian(_transparent.AsSpan(2 * sample)))
            {
                return false;
            }
        }

        return true;
    }

    // What each number of up to eight bits stands for: a grey, or a colour of the palette (black where the palette ends before it).
    private static uint[] Colours(byte type, byte depth, byte[] palette, byte[] transparency)
    {
        if (depth > 8 || type is not (0 or Palette))
        {
            return [];
        }

        uint[] colours = new uint[1 << depth];
        for (int i = 0; i < colours.Length; i++)
        {
            bool isThere = (3 * i) + 2 < palette.Length;
            colours[i] = type == 0
                ? Opaque | ((uint)(i * 255 / (colours.Length - 1)) * 0x010101)
                : ((uint)(i < transparency.Length ? transparency[i] : 255) << 24)
                    | (isThere ? palette[3 * i] | ((uint)palette[(3 * i) + 1] << 8) | ((uint)palette[(3 * i) + 2] << 16) : 0);
        }

        if (type == 0 && transparency.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(transparency) is var grey
            && grey < colours.Length)
        {
            colours[grey] &= ~Opaque;
        }

        return colours;
    }
}
