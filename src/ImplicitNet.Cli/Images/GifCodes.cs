namespace ImplicitNet.Cli.Images;

/// <summary>
/// Unpacks the codes of a GIF (T. A. Welch, "A technique for high-performance data compression", 1984, with codes of growing length).
/// </summary>
internal sealed class GifCodes
{
    private const int MostCodes = 4096;
    private const int LongestCode = 12;
    private readonly byte[] _content;
    private readonly int _clear;
    private readonly int[] _prefixes = new int[MostCodes];
    private readonly byte[] _lasts = new byte[MostCodes];

    // The pixels of a code come last first; those that are not taken yet.
    private readonly byte[] _pending = new byte[MostCodes + 1];
    private int _pendingCount;
    private int _place;
    private int _blockLeft;
    private int _bits;
    private int _bitCount;
    private int _width;
    private int _next;
    private int _previous = -1;
    private byte _first;

    public GifCodes(byte[] content, int begin, int codeBits)
    {
        (_content, _place, _clear) = (content, begin, 1 << codeBits);
        for (int i = 0; i < _clear; i++)
        {
            _lasts[i] = (byte)i;
        }

        Clear();
    }

    /// <summary>Fills a row.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Read(Span<byte> row)
    {
        int filled = 0;
        while (filled < row.Length)
        {
            if (_pendingCount == 0 && Unpack() is { } problem)
            {
                return problem;
            }

            while (_pendingCount > 0 && filled < row.Length)
            {
                row[filled++] = _pending[--_pendingCount];
            }
        }

        return null;
    }

    private string? Unpack()
    {
        int code = Code();
        while (code == _clear)
        {
            Clear();
            code = Code();
        }

        if (code < 0 || code == _clear + 1)
        {
            return "the image is cut off.";
        }

        if (code > _next || (code == _next && _previous < 0) || (_previous < 0 && code >= _clear))
        {
            return $"the image cannot be decoded: code {code} of the GIF stands for nothing yet.";
        }

        // The code that is being made now: the previous one, and its first pixel again.
        int walk = code;
        if (code == _next)
        {
            _pending[_pendingCount++] = _first;
            walk = _previous;
        }

        while (walk >= _clear)
        {
            _pending[_pendingCount++] = _lasts[walk];
            walk = _prefixes[walk];
        }

        _first = (byte)walk;
        _pending[_pendingCount++] = _first;
        if (_previous >= 0 && _next < MostCodes)
        {
            (_prefixes[_next], _lasts[_next]) = (_previous, _first);
            _next++;
            if (_next == 1 << _width && _width < LongestCode)
            {
                _width++;
            }
        }

        _previous = code;
        return null;
    }

    private void Clear()
    {
        _next = _clear + 2;
        _width = 1;
        while (1 << _width < _next)
        {
            _width++;
        }

        _previous = -1;
    }

    // The next code, or -1 at the end of the data.
    private int Code()
    {
        while (_bitCount < _width)
        {
            if (_blockLeft == 0)
            {
                _blockLeft = _place < _content.Length ? _content[_place++] : 0;
            }

            if (_blockLeft == 0 || _place >= _content.Length)
            {
                _blockLeft = 0;
                _place = _content.Length;
                return -1;
            }

            _bits |= _content[_place++] << _bitCount;
            _bitCount += 8;
            _blockLeft--;
        }

        int code = _bits & ((1 << _width) - 1);
        _bits >>= _width;
        _bitCount -= _width;
        return code;
    }
}
