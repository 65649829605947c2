using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace ImplicitNet.Files.Safetensors;

/// <summary>The checked header of a safetensors file: what the file holds, without reading it.</summary>
/// <remarks>
/// The file is: the header's length (8 bytes, little endian), the header (a JSON object from a tensor's name to its dtype, shape and
/// data_offsets, and from __metadata__ to texts), the data. Everything is checked against the file's length before memory is taken for it.
/// </remarks>
public sealed class SafetensorsHeader
{
    /// <summary>The bytes before the header.</summary>
    internal const int LengthBytes = 8;

    /// <summary>The header's entry that is no tensor.</summary>
    internal const string MetadataName = "__metadata__";

    // The limit of the format's reference implementation.
    internal const long MaximalLength = 100_000_000;

    private SafetensorsHeader(
        long dataBegin, Dictionary<string, SafetensorsEntry> entries, Dictionary<string, string> passedOver,
        Dictionary<string, string> metadata)
    {
        DataBegin = dataBegin;
        Entries = entries;
        PassedOver = passedOver;
        Metadata = metadata;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>
    /// The tensors that are skipped, by name, and their dtype in the file, such as "F8_E4M3", which no tensor here can hold.
    /// </summary>
    public IReadOnlyDictionary<string, string> PassedOver { get; }

    /// <summary>The free texts of the file by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where the data begin in the file, in bytes.</summary>
    internal long DataBegin { get; }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightsFileException">The file cannot be opened, or its header violates the format.</exception>
    public static SafetensorsHeader Read(string path)
    {
        using FileStream stream = SafetensorsReader.Open(path);
        return Read(stream, path);
    }

    /// <summary>Reads and checks the header; the stream is at its begin and knows its length.</summary>
    internal static SafetensorsHeader Read(Stream stream, string path)
    {
        if (stream.Length < LengthBytes)
        {
            throw new WeightsFileException(path, $"the file has {stream.Length} bytes; a safetensors file has at least {LengthBytes}.");
        }

        Span<byte> prefix = stackalloc byte[LengthBytes];
        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong room = (ulong)(stream.Length - LengthBytes);
        if (length > Math.Min(room, MaximalLength))
        {
            string limit = room < MaximalLength ? $"{room} bytes follow" : $"at most {MaximalLength} are allowed";
            throw new WeightsFileException(
                path, $"bytes 0 to 7: the header's length is {length}, but {limit}. Is this a safetensors file?");
        }

        byte[] json = new byte[length];
        stream.ReadExactly(json);
        return Parse(json, (long)(room - length), path);
    }

    private static SafetensorsHeader Parse(byte[] json, long dataLength, string path)
    {
        if (json.Length == 0 || json[0] != (byte)'{')
        {
            throw new WeightsFileException(path, $"byte {LengthBytes}: the header must begin with '{{'.");
        }

        if (!Utf8.IsValid(json))
        {
            throw new WeightsFileException(path, "header: not valid UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            Dictionary<string, string> metadata = [];
            Dictionary<string, SafetensorsEntry> entries = [];
            Dictionary<string, string> passedOver = [];
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals(MetadataName))
                {
                    metadata = SafetensorsHeaderJson.Metadata(property.Value, path);
                }
                else
                {
                    entries.Add(property.Name, SafetensorsHeaderJson.Entry(property.Name, property.Value, path, out string? foreign));
                    if (foreign is not null)
                    {
                        passedOver.Add(property.Name, foreign);
                    }
                }
            }

            CheckCover(entries, dataLength, path);
            foreach (string name in passedOver.Keys)
            {
                entries.Remove(name);
            }

            return new SafetensorsHeader(LengthBytes + json.Length, entries, passedOver, metadata);
        }
        catch (JsonException exception)
        {
            throw new WeightsFileException(path, $"header: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // A text with half of a surrogate pair (\ud800) is JSON by its grammar, but no text.
            throw new WeightsFileException(path, $"header: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    /// <summary>The tensors must follow each other from the first byte of the data to the last.</summary>
    private static void CheckCover(Dictionary<string, SafetensorsEntry> entries, long dataLength, string path)
    {
        long reached = 0;
        foreach ((string name, SafetensorsEntry entry) in entries.OrderBy(item => item.Value.Begin).ThenBy(item => item.Value.End))
        {
            if (entry.Begin != reached)
            {
                string fault = entry.Begin < reached ? "overlaps the one before" : "leaves a hole before it";
                throw new WeightsFileException(
                    path, $"tensor '{name}': begins at data byte {entry.Begin} and {fault}; {reached} was expected.");
            }

            reached = entry.End;
        }

        if (reached != dataLength)
        {
            throw new WeightsFileException(path, $"data: the tensors need {reached} bytes, but the file has {dataLength}.");
        }
    }
}
