namespace ImplicitNet.Reports.Drawing;

/// <summary>
/// Packs the pixels of one picture of a GIF (T. A. Welch, "A technique for high-performance data compression", 1984, with codes of growing
/// length), in blocks of at most 255 bytes.
/// </summary>
/// <param name="output">Where they go.</param>
/// <param name="colourBits">2 to 8: every pixel is below 1 &lt;&lt; colourBits.</param>
internal sealed class GifCodeWriter(List<byte> output, int colourBits)
{
    private const int MostCodes = 4096;
    private const int LongestBlock = 255;
    private readonly int _clear = 1 << colourBits;
    private readonly byte[] _block = new byte[LongestBlock];

    // A known string of pixels and one more: from both to the code of the longer string.
    private readonly Dictionary<(int Code, byte Pixel), int> _longer = [];
    private int _blockLength;
    private int _bits;
    private int _bitCount;
    private int _width = colourBits + 1;
    private int _next;

    /// <summary>Writes a whole picture, row by row from the top.</summary>
    public void Write(ReadOnlySpan<byte> pixels)
    {
        output.Add((byte)colourBits);
        Clear();
        int known = pixels[0];
        foreach (byte pixel in pixels[1..])
        {
            if (_longer.TryGetValue((known, pixel), out int longer))
            {
                known = longer;
                continue;
            }

            Put(known);
            Learn(known, pixel);
            known = pixel;
        }

        // A reader makes an entry of this code, too, before it reads the next one.
        Put(known);
        Widen();
        Put(_clear + 1);
        Flush();
    }

    private void Learn(int known, byte pixel)
    {
        Widen();
        if (_next == MostCodes)
        {
            Clear();
            return;
        }

        _longer[(known, pixel)] = _next++;
    }

    // A reader knows an entry one code later than the writer: the length grows when the entry that needs it is made there.
    private void Widen()
    {
        if (_next == 1 << _width && _next < MostCodes)
        {
            _width++;
        }
    }

    private void Clear()
    {
        Put(_clear);
        _longer.Clear();
        _next = _clear + 2;
        _width = colourBits + 1;
    }

    private void Put(int code)
    {
        _bits |= code << _bitCount;
        _bitCount += _width;
        for (; _bitCount >= 8; _bitCount -= 8, _bits >>= 8)
        {
            PutByte((byte)_bits);
        }
    }

    private void PutByte(byte value)
    {
        _block[_blockLength++] = value;
        if (_blockLength == LongestBlock)
        {
            FlushBlock();
        }
    }

    private void FlushBlock()
    {
        if (_blockLength > 0)
        {
            output.Add((byte)_blockLength);
            output.AddRange(_block.AsSpan(0, _blockLength));
            _blockLength = 0;
        }
    }

    private void Flush()
    {
        if (_bitCount > 0)
        {
            PutByte((byte)_bits);
        }

        FlushBlock();
        output.Add(0);
    }
}
