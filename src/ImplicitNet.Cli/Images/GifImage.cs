using System.Buffers.Binary;
using SkiaSharp;

namespace ImplicitNet.Cli.Images;

/// <summary>The first picture of a GIF file (87a and 89a), decoded in managed code row by row.</summary>
internal sealed class GifImage : EncodedImage
{
    // A code has at least two bits and stands for at most 4096 pixels.
    private const long PixelsForByte = 4 * 4096;
    private const int HeaderLength = 13;
    private const int DescriptorLength = 9;
    private readonly byte[] _content;
    private readonly Frame _frame;
    private readonly uint[] _colours;

    private GifImage(byte[] content, string path, int height, int width, Frame frame, uint[] colours)
        : base(path, height, width) => (_content, _frame, _colours) = (content, frame, colours);

    public override SKEncodedOrigin Origin => SKEncodedOrigin.TopLeft;

    public override long WorkingBytes(int factor) => 1 << 20;

    /// <summary>Reads up to the first picture.</summary>
    /// <exception cref="ImageFileException">It is no GIF that is read.</exception>
    public static GifImage Open(byte[] content, string path)
    {
        if (content.Length < HeaderLength)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        (int width, int height) = (Short(content, 6), Short(content, 8));
        EnsureBearable(path, height, width);
        int place = HeaderLength;
        ReadOnlySpan<byte> table = Table(content, content[10], ref place);
        int transparent = -1;
        while (place < content.Length && content[place] == (byte)'!')
        {
            // The graphic control extension names the colour that is transparent.
            if (place + 7 < content.Length && content[place + 1] == 0xF9 && content[place + 2] == 4)
            {
                transparent = (content[place + 3] & 1) != 0 ? content[place + 6] : -1;
            }

            place = EndOfBlocks(content, place + 2);
        }

        if (place + DescriptorLength + 2 > content.Length)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        if (content[place] != (byte)',')
        {
            throw new ImageFileException(
                path, $"the image cannot be decoded: byte {place} of the GIF begins neither a picture nor an extension.");
        }

        Frame frame = new(Short(content, place + 3), Short(content, place + 1), Short(content, place + 7), Short(content, place + 5),
            (content[place + 9] & 0x40) != 0, 0, 0);
        if (frame.Height < 1 || frame.Width < 1 || frame.Top + frame.Height > height || frame.Left + frame.Width > width)
        {
            throw new ImageFileException(
                path, $"the image cannot be decoded: its first picture, {frame.Width} x {frame.Height} at ({frame.Left}, {frame.Top}), "
                + $"is empty or outside of the {width} x {height} pixels announced.");
        }

        byte flags = content[place + 9];
        place += DescriptorLength + 1;
        ReadOnlySpan<byte> own = Table(content, flags, ref place);
        table = own.Length > 0 ? own : table;
        if (place >= content.Length)
        {
            throw new ImageFileException(path, "the image is cut off.");
        }

        if (table.Length == 0 || content[place] is < 1 or > 8)
        {
            throw new ImageFileException(
                path, "the image cannot be decoded: it has no colours, or codes of a length that GIF does not have.");
        }

        EnsureHeld(path, frame.Height, frame.Width, PixelsForByte * (content.Length - place), content.Length);
        return new GifImage(
            content, path, height, width, frame with { CodeBits = content[place], Begin = place + 1 }, Colours(table, transparent));
    }

    public override PixelCanvas Decode(int factor, bool isColour)
    {
        PixelCanvas canvas = new(Height, Width, factor, isColour);
        GifCodes codes = new(_content, _frame.Begin, _frame.CodeBits);
        byte[] row = new byte[_frame.Width];

        // What the picture leaves of the screen is transparent.
        uint[] colours = new uint[_frame.Width];
        int right = _frame.Left + _frame.Width;
        for (int y = 0; y < Height; y++)
        {
            bool isBeside = y >= _frame.Top && y < _frame.Top + _frame.Height;
            canvas.PutWhite(y, 0, isBeside ? _frame.Left : Width);
            canvas.PutWhite(y, right, isBeside ? Width - right : 0);
        }

        foreach ((int first, int step) in _frame.IsInterlaced ? [(0, 8), (4, 8), (2, 4), (1, 2)] : ((int, int)[])[(0, 1)])
        {
            for (int y = first; y < _frame.Height; y += step)
            {
                if (codes.Read(row) is { } problem)
                {
                    throw Fault(problem);
                }

                for (int x = 0; x < row.Length; x++)
                {
                    colours[x] = _colours[row[x]];
                }

                canvas.Put(_frame.Top + y, colours, _frame.Left);
            }
        }

        return canvas;
    }

    private static int Short(byte[] content, int place) => BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(place));

    private static ReadOnlySpan<byte> Table(byte[] content, byte flags, ref int place)
    {
        int length = (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
        ReadOnlySpan<byte> table = content.AsSpan(place, Math.Min(length, content.Length - place));
        place += length;
        return place <= content.Length ? table : [];
    }

    // Blocks of up to 255 bytes, each with its length before it; an empty one is the last.
    private static int EndOfBlocks(byte[] content, int place)
    {
        while (place < content.Length && content[place] != 0)
        {
            place += content[place] + 1;
        }

        return place + 1;
    }

    private static uint[] Colours(ReadOnlySpan<byte> table, int transparent)
    {
        uint[] colours = new uint[256];
        for (int i = 0; i < colours.Length; i++)
        {
            colours[i] = (3 * i) + 2 < table.Length
                ? 0xFF000000 | table[3 * i] | ((uint)table[(3 * i) + 1] << 8) | ((uint)table[(3 * i) + 2] << 16)
                : 0xFF000000;
        }

        if (transparent >= 0)
        {
            colours[transparent] = 0;
        }

        return colours;
    }

    /// <summary>A picture within the screen, and where its codes begin.</summary>
    private sealed record Frame(int Top, int Left, int Height, int Width, bool IsInterlaced, int CodeBits, int Begin);
}
