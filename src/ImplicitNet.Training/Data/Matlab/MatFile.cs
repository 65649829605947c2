using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ImplicitNet.Training.Data.Matlab;

/// <summary>
/// Reads MAT files of level 5, as MATLAB writes them with -v6 and -v7: a header of 128 bytes, then elements, each a type, a size and data;
/// an array is an element, or the content of one that is compressed with zlib (MathWorks, "MAT-File Format").
/// </summary>
/// <remarks>Nothing in a file is trusted: sizes are checked against what is left of the file before anything is done with them.</remarks>
internal sealed class MatFile
{
    private const int HeaderBytes = 128;

    // Deflate codes at most 258 bytes in two bits: it cannot pack tighter than 1032 to 1.
    private const long TightestPacking = 1032;

    private readonly Stream _stream;
    private readonly string _path;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">A stream that can seek; it stays open.</param>
    /// <param name="path">The name that messages give it.</param>
    /// <exception cref="DataFileException">
    /// It is no MAT file of level 5, or was written on a machine with the other order of bytes.
    /// </exception>
    public MatFile(Stream stream, string path)
    {
        (_stream, _path) = (stream, path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        int read = _stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        string text = Encoding.Latin1.GetString(header[..Math.Min(read, 116)]);
        if (text.StartsWith("MATLAB 7.3", StringComparison.Ordinal) || text.StartsWith("\x89HDF\r\n", StringComparison.Ordinal))
        {
            throw Fault(
                0, "this is a MAT file of version 7.3 (HDF5), expected one of version 5 to 7; in MATLAB, load it and save it with -v7.");
        }

        if (read == HeaderBytes && header[126..] is [(byte)'M', (byte)'I'])
        {
            throw Fault(
                126, "the file has its most significant bytes first, expected least significant bytes first, as SVHN is published.");
        }

        if (read < HeaderBytes || header[124..] is not [0x00, 0x01, (byte)'I', (byte)'M'])
        {
            throw Fault(0, "there is no header of a MAT file of version 5 to 7.");
        }
    }

    /// <summary>Reads the arrays one after the other; what <paramref name="visit"/> leaves of an array is passed over.</summary>
    /// <exception cref="DataFileException">The file is damaged.</exception>
    public void ReadArrays(Action<MatArray> visit)
    {
        Span<byte> tag = stackalloc byte[8];
        while (_stream.Position < _stream.Length)
        {
            long start = _stream.Position;
            long left = _stream.Length - start - tag.Length;
            if (left < 0)
            {
                throw Fault(start, "the file ends inside the type and size of an element.");
            }

            _stream.ReadExactly(tag);
            MatType type = (MatType)BinaryPrimitives.ReadUInt32LittleEndian(tag);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(tag[4..]);
            if (length > left)
            {
                throw Fault(start, $"an element of {length} bytes is announced, and {left} are left: the file was cut short.");
            }

            if (type == MatType.Compressed)
            {
                ReadCompressed(start, length, visit);
            }
            else if (type == MatType.Matrix)
            {
                visit(new MatArray(_stream, length, _path, start));
            }

            _stream.Position = start + tag.Length + length;
        }
    }

    private void ReadCompressed(long start, long packed, Action<MatArray> visit)
    {
        using ZLibStream unpacked = new(_stream, CompressionMode.Decompress, leaveOpen: true);
        Span<byte> tag = stackalloc byte[8];
        try
        {
            unpacked.ReadExactly(tag);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(tag[4..]);
            if (length > packed * TightestPacking)
            {
                throw Fault(start, $"an element of {length} bytes is announced, and {packed} compressed ones cannot hold so many.");
            }

            if ((MatType)BinaryPrimitives.ReadUInt32LittleEndian(tag) == MatType.Matrix)
            {
                MatArray array = new(unpacked, length, _path, start);
                visit(array);

                // Only a read that meets the end makes zlib compare its checksum.
                if (array.IsAtEnd && unpacked.ReadByte() >= 0)
                {
                    throw Fault(start, $"more follows the array {array.Name} in its element.");
                }
            }
        }
        catch (Exception cause) when (cause is InvalidDataException or (IOException and not DataFileException))
        {
            throw new DataFileException(_path, start, $"the element cannot be unpacked: {cause.Message}", cause);
        }
    }

    private DataFileException Fault(long offset, string fault) => new(_path, offset, fault);
}
