using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ImplicitNet.Files.Safetensors;

/// <summary>
/// The checksum of a safetensors file: a text <c>sha256</c> in its <c>__metadata__</c>, 64 lower-case hexadecimal digits.
/// </summary>
/// <remarks>
/// It is the SHA-256 of the whole file, from the first byte of the header's length to the last byte of the data, with the 64 digits
/// themselves taken as 64 characters '0'. So it covers names, shapes, offsets, other texts, padding and every tensor, and another program
/// checks it with a search, a replacement and one hash. Readers that do not know it see one text more.
/// </remarks>
internal static class SafetensorsChecksum
{
    private const int ReadBytes = 1 << 20;

    /// <summary>The text's name.</summary>
    public const string Key = "sha256";

    /// <summary>What stands in the place of the digits while the sum is made.</summary>
    public static readonly string Blank = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>Checks a file against its sum, before anything of it is used.</summary>
    /// <param name="stream">At the file's begin, where it is again afterwards.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="WeightsFileException">
    /// The sum is another. A file without one, or whose header is none, is left to its reader.
    /// </exception>
    public static void Verify(Stream stream, string path)
    {
        long begin = stream.Position;
        byte[] length = new byte[SafetensorsHeader.LengthBytes];
        if (stream.ReadAtLeast(length, length.Length, throwOnEndOfStream: false) == length.Length
            && BinaryPrimitives.ReadUInt64LittleEndian(length) is var bytes
            && bytes <= (ulong)Math.Min(stream.Length - stream.Position, SafetensorsHeader.MaximalLength))
        {
            byte[] header = new byte[bytes];
            stream.ReadExactly(header);
            Verify(stream, length, header, path);
        }

        stream.Position = begin;
    }

    private static void Verify(Stream stream, byte[] length, byte[] header, string path)
    {
        if (FindIn(header) is not { } digits)
        {
            return;
        }

        if (digits < 0)
        {
            throw new WeightsFileException(
                path, $"its checksum '{Key}' is no text of {Blank.Length} hexadecimal digits; the file is damaged.");
        }

        using IncrementalHash hash = Begin(length, header, digits);
        byte[] buffer = new byte[ReadBytes];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer.AsSpan(0, count));
        }

        string stored = Encoding.Latin1.GetString(header.AsSpan(digits, Blank.Length));
        if (End(hash) is var actual && actual != stored)
        {
            throw new WeightsFileException(
                path, $"its contents have the SHA-256 {actual}, but the file says {stored}; "
                + "it is damaged, or was changed after it was written.");
        }
    }

    /// <summary>As <see cref="Find"/>; null also for what is no JSON, which the reader of the header refuses in its own words.</summary>
    private static int? FindIn(byte[] header)
    {
        try
        {
            return Find(header);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Finds the digits in a header.</summary>
    /// <param name="header">The header, which is valid JSON.</param>
    /// <returns>Where the 64 digits begin; null where the header has no such text, -1 where the text has not 64 characters.</returns>
    public static int? Find(ReadOnlySpan<byte> header)
    {
        Utf8JsonReader json = new(header);
        while (json.Read())
        {
            if (json.CurrentDepth == 2 && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(Key))
            {
                json.Read();
                bool isSum = json.TokenType == JsonTokenType.String && !json.ValueIsEscaped && json.ValueSpan.Length == Blank.Length;
                return isSum ? (int)json.TokenStartIndex + 1 : -1;
            }

            if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName
                && !json.ValueTextEquals(SafetensorsHeader.MetadataName))
            {
                json.Skip();
            }
        }

        return null;
    }

    /// <summary>Begins the sum of a file with what stands before its data.</summary>
    /// <param name="length">The bytes of the header's length.</param>
    /// <param name="header">The header.</param>
    /// <param name="digits">Where its digits begin.</param>
    public static IncrementalHash Begin(ReadOnlySpan<byte> length, ReadOnlySpan<byte> header, int digits)
    {
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(length);
        hash.AppendData(header[..digits]);
        hash.AppendData(Encoding.ASCII.GetBytes(Blank));
        hash.AppendData(header[(digits + Blank.Length)..]);
        return hash;
    }

    /// <summary>Ends a sum.</summary>
    public static string End(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
