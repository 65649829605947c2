using System.Text;

namespace ImplicitNet.Training.Data.Cifar;

/// <summary>Reads the files of a tar archive one after the other, forwards only (POSIX.1-1988, "ustar": blocks of 512 bytes).</summary>
/// <remarks>
/// Not System.Formats.Tar, which reserves as much memory as a header of extended attributes announces: 2 GB for an archive of a kilobyte.
/// Here such headers, like everything but files, are passed over.
/// </remarks>
internal sealed class TarStream(Stream source, string path)
{
    // The published archives unpack to less than 200 MB; what exceeds this is packed to do harm.
    private const long MaximumBytes = 1L << 29;
    private const int BlockSize = 512;

    private readonly byte[] _block = new byte[BlockSize];
    private long _offset;
    private long _unread;

    /// <summary>The name of the present member.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Whether the present member is a file, rather than a folder, a link or a header of attributes.</summary>
    public bool IsFile { get; private set; }

    /// <summary>Passes on to the next member.</summary>
    /// <returns>False at the end of the archive.</returns>
    /// <exception cref="DataFileException">The archive is damaged.</exception>
    public bool Next()
    {
        Skip(_unread);
        long start = _offset;
        ReadExactly(_block);
        if (!_block.AsSpan().ContainsAnyExcept((byte)0))
        {
            ReadToEnd();
            return false;
        }

        if (Number(148, 8) != Checksum())
        {
            throw Fault(start, "there is no header of a tar archive here, or it is damaged.");
        }

        long length = Number(124, 12) ?? throw Fault(start + 124, "the size of a member is no octal number.");
        Name = Text(0, 100);
        IsFile = _block[156] is 0 or (byte)'0';
        _unread = (length + BlockSize - 1) / BlockSize * BlockSize;
        Length = length;
        return true;
    }

    /// <summary>The content of the present member.</summary>
    /// <exception cref="DataFileException">It is larger than <paramref name="maximum"/> bytes, or cut short.</exception>
    public byte[] ReadFile(int maximum)
    {
        if (Length > maximum)
        {
            throw Fault(_offset, $"{Name} has {Length} bytes, expected {maximum} at most.");
        }

        byte[] content = new byte[Length];
        ReadExactly(content);
        _unread -= Length;
        return content;
    }

    private long Length { get; set; }

    // Behind the end come zeros; reading them makes the unpacking check its own checksum.
    private void ReadToEnd()
    {
        while (ReadUpTo(_block) > 0)
        {
        }
    }

    private void Skip(long count)
    {
        for (long left = count; left > 0; left -= BlockSize)
        {
            ReadExactly(_block.AsSpan(0, (int)Math.Min(left, BlockSize)));
        }
    }

    private void ReadExactly(Span<byte> target)
    {
        if (ReadUpTo(target) < target.Length)
        {
            throw Fault(_offset, "the archive ends here: it was cut short.");
        }
    }

    private int ReadUpTo(Span<byte> target)
    {
        try
        {
            int read = source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
            _offset += read;
            return _offset <= MaximumBytes
                ? read
                : throw Fault(_offset, $"it unpacks to more than {MaximumBytes} bytes, and is none of the published archives.");
        }
        catch (Exception cause) when (cause is InvalidDataException or (IOException and not DataFileException))
        {
            throw Fault(_offset, $"the data cannot be unpacked: {cause.Message}", cause);
        }
    }

    private int Checksum()
    {
        int sum = 8 * ' '; // its own field counts as blanks
        for (int place = 0; place < BlockSize; place++)
        {
            sum += place is >= 148 and < 156 ? 0 : _block[place];
        }

        return sum;
    }

    // Octal digits, before and behind which there may be blanks or zero bytes; at most 11 digits, so that nothing overflows.
    private long? Number(int start, int length)
    {
        string digits = Text(start, length).Trim(' ');
        return digits.Length is >= 1 and <= 11 && digits.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(digits, 8) : null;
    }

    private string Text(int start, int length)
    {
        ReadOnlySpan<byte> field = _block.AsSpan(start, length);
        int end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    private DataFileException Fault(long offset, string fault, Exception? cause = null) => new(path, offset, fault, cause);
}
