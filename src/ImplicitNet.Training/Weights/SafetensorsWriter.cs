using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Weights;

/// <summary>Writes tensors in the safetensors format; equal content gives equal bytes.</summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes header and data to a stream.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        // Wide elements first keeps every tensor aligned to its element size, as a reader that maps the file into memory needs it.
        KeyValuePair<string, Tensor>[] ordered = [.. tensors
            .OrderByDescending(item => SafetensorsType.SizeOf(item.Value.dtype))
            .ThenBy(item => item.Key, StringComparer.Ordinal)];
        Check(ordered);

        ReadOnlySpan<byte> header = Header(ordered, metadata);
        Span<byte> length = stackalloc byte[SafetensorsHeader.LengthBytes];
        int padding = (Alignment - (header.Length % Alignment)) % Alignment;
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(header.Length + padding));
        stream.Write(length);
        stream.Write(header);
        stream.Write("       "u8[..padding]);
        foreach ((_, Tensor tensor) in ordered)
        {
            WriteData(stream, tensor);
        }
    }

    private static void Check(KeyValuePair<string, Tensor>[] tensors)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (name == SafetensorsHeader.MetadataName)
            {
                throw new ArgumentException($"A tensor cannot have the name '{name}': the format keeps it for texts.", nameof(tensors));
            }

            if (SafetensorsType.NameOf(tensor.dtype) is null)
            {
                string message = $"Tensor '{name}' is of type {tensor.dtype}; a file can hold {SafetensorsType.Names}.";
                throw new ArgumentException(message, nameof(tensors));
            }

            if (tensor.is_sparse)
            {
                throw new ArgumentException($"Tensor '{name}' is sparse; a file can hold dense ones only.", nameof(tensors));
            }
        }
    }

    private static ReadOnlySpan<byte> Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        SortedDictionary<string, string> texts = new(StringComparer.Ordinal) { ["format"] = "pt" };
        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            texts[key] = value;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach ((string key, string value) in texts)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        long begin = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            long end = begin + (tensor.numel() * SafetensorsType.SizeOf(tensor.dtype));
            json.WriteStartObject(name);
            json.WriteString("dtype", SafetensorsType.NameOf(tensor.dtype));
            WriteNumbers(json, "shape", tensor.shape);
            WriteNumbers(json, "data_offsets", [begin, end]);
            json.WriteEndObject();
            begin = end;
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    // A row-major tensor on the CPU is written as it lies; another is copied, one at a time.
    private static void WriteData(Stream stream, Tensor tensor)
    {
        if (tensor.numel() == 0)
        {
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        tensor.cpu().contiguous().WriteBytesToStream(stream);
    }
}
