using System.Text;

namespace ImplicitNet.Training.Data;

/// <summary>Reads a text in UTF-8, with or without a byte order mark: every character as it stands, ends of lines among them.</summary>
/// <remarks>Memory: three times the file at most, of which what is returned is two.</remarks>
internal static class TextFile
{
    // As ids, four bytes for each character, it is a gibibyte.
    private const int LargestFile = 1 << 28;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file.</summary>
    /// <exception cref="DataFileException">It is missing, empty, too large, or no text in UTF-8; the message names the byte.</exception>
    public static string Read(string path) => DataFile.Read(path, file => Read(file, path));

    private static string Read(FileStream file, string path)
    {
        if (!file.CanSeek || file.Length > LargestFile)
        {
            throw new DataFileException(path, null, file.CanSeek
                ? FormattableString.Invariant($"it has {file.Length} bytes; a text of at most {LargestFile} is read.")
                : "it is a pipe or a device; a text is read from a file, whenever it is needed.");
        }

        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int begin = bytes.AsSpan().StartsWith("\uFEFF"u8) ? "\uFEFF"u8.Length : 0;
        if (bytes.Length == begin)
        {
            throw new DataFileException(path, null, "the file is empty; a text was expected.");
        }

        if (Array.IndexOf(bytes, (byte)0) is >= 0 and { } zero)
        {
            throw new DataFileException(path, zero, "a byte 0, which no text has; UTF-8 was expected.");
        }

        try
        {
            return Strict.GetString(bytes, begin, bytes.Length - begin);
        }
        catch (DecoderFallbackException exception)
        {
            throw new DataFileException(path, begin + exception.Index, "what stands here is no UTF-8, in which a text must be.", exception);
        }
    }
}
