using System.Buffers.Binary;

namespace ImplicitNet.Reports.Drawing;

/// <summary>Pictures of one size and one palette, shown one after the other: a GIF file (89a).</summary>
/// <remarks>
/// Of every picture but the first, only the rectangle is stored in which it differs from the one before, and in it what stays is
/// transparent, if the palette leaves a place for that: fewer bytes, since all that stays is one colour.
/// </remarks>
internal sealed class GifAnimation
{
    private const int MostColours = 256;
    private const int FewestColourBits = 2;

    // Less is shown as a tenth of a second by browsers.
    private const int LeastHundredths = 2;

    private readonly int _height;
    private readonly int _width;
    private readonly uint[] _palette;
    private readonly int _colourBits;
    private readonly List<byte> _file = [];
    private byte[]? _last;

    /// <summary>Begins a file.</summary>
    /// <param name="height">Rows, 1 to 65,535.</param>
    /// <param name="width">Columns, 1 to 65,535.</param>
    /// <param name="palette">1 to 256 colours, 0xRRGGBB.</param>
    /// <param name="repeats">How often it begins again after the first time; 0, the default, for ever.</param>
    public GifAnimation(int height, int width, IReadOnlyList<uint> palette, int repeats = 0)
    {
        EnsureIn(height, 1, ushort.MaxValue, nameof(height));
        EnsureIn(width, 1, ushort.MaxValue, nameof(width));
        EnsureIn(palette.Count, 1, MostColours, nameof(palette));
        EnsureIn(repeats, 0, ushort.MaxValue, nameof(repeats));
        (_height, _width, _palette) = (height, width, [.. palette]);
        int places = Math.Min(palette.Count + 1, MostColours);
        while (1 << _colourBits < places)
        {
            _colourBits++;
        }

        _colourBits = Math.Max(_colourBits, FewestColourBits);
        WriteHead(repeats);
    }

    /// <summary>Adds a picture.</summary>
    /// <param name="pixels">Places in the palette: [height, width]; kept, not copied.</param>
    /// <param name="hundredths">How long it is shown, in hundredths of a second: 2 to 65,535.</param>
    public void Add(byte[] pixels, int hundredths)
    {
        EnsureIn(hundredths, LeastHundredths, ushort.MaxValue, nameof(hundredths));
        if (pixels.Length != _height * _width || pixels.Max() >= _palette.Length)
        {
            throw new ArgumentException(
                $"{_width} x {_height} places in a palette of {_palette.Length} colours were expected; "
                + $"given: {pixels.Length}, the largest {pixels.DefaultIfEmpty((byte)0).Max()}.", nameof(pixels));
        }

        (int top, int left, int bottom, int right) = _last is null ? (0, 0, _height, _width) : Changed(_last, pixels);

        // Graphic control: what was there stays, which colour is transparent, how long.
        bool isOver = _last is not null && _palette.Length < MostColours;
        _file.AddRange((ReadOnlySpan<byte>)[0x21, 0xF9, 4, (byte)((1 << 2) | (isOver ? 1 : 0))]);
        WriteShort(hundredths);
        _file.AddRange((ReadOnlySpan<byte>)[(byte)(isOver ? _palette.Length : 0), 0]);
        _file.Add((byte)',');
        WriteShort(left);
        WriteShort(top);
        WriteShort(right - left);
        WriteShort(bottom - top);
        _file.Add(0);
        byte[] part = new byte[(bottom - top) * (right - left)];
        for (int i = 0; i < part.Length; i++)
        {
            int place = ((top + (i / (right - left))) * _width) + left + (i % (right - left));
            part[i] = isOver && _last![place] == pixels[place] ? (byte)_palette.Length : pixels[place];
        }

        new GifCodeWriter(_file, _colourBits).Write(part);
        _last = pixels;
    }

    /// <summary>The file with all pictures added so far, one at least.</summary>
    public byte[] ToBytes() => _last is null
        ? throw new InvalidOperationException("A GIF needs at least one picture.")
        : [.. _file, (byte)';'];

    private void WriteHead(int repeats)
    {
        _file.AddRange("GIF89a"u8);
        WriteShort(_width);
        WriteShort(_height);

        // A palette of 1 << bits colours of 8 bits; the background is its first one, pixels are square.
        _file.AddRange((ReadOnlySpan<byte>)[(byte)(0xF0 | (_colourBits - 1)), 0, 0]);
        for (int i = 0; i < 1 << _colourBits; i++)
        {
            uint colour = _palette[Math.Min(i, _palette.Length - 1)];
            _file.AddRange((ReadOnlySpan<byte>)[(byte)(colour >> 16), (byte)(colour >> 8), (byte)colour]);
        }

        // The extension by which every viewer has repeated animations since Netscape 2.0.
        _file.AddRange((ReadOnlySpan<byte>)[0x21, 0xFF, 11]);
        _file.AddRange("NETSCAPE2.0"u8);
        _file.AddRange((ReadOnlySpan<byte>)[3, 1]);
        WriteShort(repeats);
        _file.Add(0);
    }

    /// <summary>The rectangle that holds all changes; one pixel where there are none, since a picture of nothing is none.</summary>
    private (int Top, int Left, int Bottom, int Right) Changed(byte[] before, byte[] now)
    {
        (int top, int left, int bottom, int right) = (_height, _width, 0, 0);
        for (int row = 0; row < _height; row++)
        {
            ReadOnlySpan<byte> old = before.AsSpan(row * _width, _width), own = now.AsSpan(row * _width, _width);
            int first = old.CommonPrefixLength(own);
            if (first == _width)
            {
                continue;
            }

            int last = _width - 1;
            while (old[last] == own[last])
            {
                last--;
            }

            (top, bottom) = (Math.Min(top, row), row + 1);
            (left, right) = (Math.Min(left, first), Math.Max(right, last + 1));
        }

        return bottom == 0 ? (0, 0, 1, 1) : (top, left, bottom, right);
    }

    private void WriteShort(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        _file.AddRange(bytes);
    }

    private static void EnsureIn(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Must be {least} to {most}.");
        }
    }
}
