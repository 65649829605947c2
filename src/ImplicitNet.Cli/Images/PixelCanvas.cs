namespace ImplicitNet.Cli.Images;

/// <summary>
/// Takes the pixels of a picture row by row, in any order, and keeps grey values or colours of them. A factor above 1 makes the picture
/// smaller on the way: each value is the mean of a square of that side, so that a large picture is never in memory as a whole.
/// </summary>
/// <remarks>A pixel is alpha, blue, green, red from the highest byte down, not multiplied by alpha; transparency lies on white.</remarks>
internal sealed class PixelCanvas
{
    private readonly int _factor;
    private readonly int _sourceHeight;
    private readonly int _sourceWidth;
    private readonly byte[][] _values;
    private readonly int[][] _sums;

    /// <summary>A canvas for a picture of so many rows and columns, each of which is put once.</summary>
    public PixelCanvas(int height, int width, int factor, bool isColour)
    {
        (_sourceHeight, _sourceWidth, _factor) = (height, width, factor);
        Height = Shrunk(height, factor);
        Width = Shrunk(width, factor);
        int planes = isColour ? 3 : 1;
        _values = [.. Enumerable.Range(0, planes).Select(_ => new byte[Height * Width])];
        _sums = factor == 1 ? [] : [.. Enumerable.Range(0, planes).Select(_ => new int[Height * Width])];
    }

    /// <summary>Rows kept.</summary>
    public int Height { get; }

    /// <summary>Columns kept.</summary>
    public int Width { get; }

    /// <summary>What becomes of a side.</summary>
    public static int Shrunk(int side, int factor) => (int)(((long)side + factor - 1) / factor);

    /// <summary>The bytes that a canvas takes.</summary>
    public static long BytesOf(int height, int width, int factor, bool isColour) =>
        (long)Shrunk(height, factor) * Shrunk(width, factor) * (isColour ? 3 : 1) * (factor == 1 ? 1 : 1 + sizeof(int));

    /// <summary>Takes pixels of one row: one after the other, or every so many columns.</summary>
    public void Put(int row, ReadOnlySpan<uint> pixels, int column = 0, int step = 1)
    {
        for (int plane = 0; plane < _values.Length; plane++)
        {
            // Neighbours are alike mostly, above all in large pictures of few bytes.
            uint last = 0;
            byte value = byte.MaxValue;
            if (_factor == 1)
            {
                Span<byte> target = _values[plane].AsSpan(row * Width, Width);
                for (int i = 0, place = column; i < pixels.Length; i++, place += step)
                {
                    value = pixels[i] == last ? value : Value(last = pixels[i], plane);
                    target[place] = value;
                }

                continue;
            }

            Span<int> sums = _sums[plane].AsSpan(row / _factor * Width, Width);
            (int cell, int inside) = Math.DivRem(column, _factor);
            foreach (uint pixel in pixels)
            {
                value = pixel == last ? value : Value(last = pixel, plane);
                sums[cell] += value;
                for (inside += step; inside >= _factor; inside -= _factor)
                {
                    cell++;
                }
            }
        }
    }

    /// <summary>Makes so many pixels of one row white, from a column on.</summary>
    public void PutWhite(int row, int column, int count)
    {
        for (int plane = 0; plane < _values.Length; plane++)
        {
            if (_factor == 1)
            {
                _values[plane].AsSpan((row * Width) + column, count).Fill(byte.MaxValue);
                continue;
            }

            Span<int> sums = _sums[plane].AsSpan(row / _factor * Width, Width);
            for (int place = column, end = column + count; place < end;)
            {
                int next = Math.Min(((place / _factor) + 1) * _factor, end);
                sums[place / _factor] += byte.MaxValue * (next - place);
                place = next;
            }
        }
    }

    /// <summary>The grey values, or of a colour canvas red (0), green (1) or blue (2).</summary>
    public GreyImage Plane(int index)
    {
        byte[] values = _values[index];
        for (int row = 0; _factor > 1 && row < Height; row++)
        {
            int rows = Math.Min(_factor, _sourceHeight - (row * _factor));
            for (int column = 0; column < Width; column++)
            {
                int count = rows * Math.Min(_factor, _sourceWidth - (column * _factor));
                values[(row * Width) + column] = (byte)((_sums[index][(row * Width) + column] + (count / 2)) / count);
            }
        }

        return new GreyImage(values, Height, Width);
    }

    private byte Value(uint pixel, int plane)
    {
        uint alpha = pixel >> 24;
        if (_values.Length > 1)
        {
            uint colour = (pixel >> (8 * plane)) & 255;
            return alpha == 255 ? (byte)colour : (byte)(((colour * alpha) + (255 * (255 - alpha)) + 127) / 255);
        }

        uint luma = (299 * (pixel & 255)) + (587 * ((pixel >> 8) & 255)) + (114 * ((pixel >> 16) & 255));
        return alpha == 255 ? (byte)((luma + 500) / 1000) : (byte)(((luma * alpha) + (255_000 * (255 - alpha)) + 127_500) / 255_000);
    }
}
