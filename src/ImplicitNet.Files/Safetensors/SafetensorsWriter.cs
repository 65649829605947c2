using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Files.Safetensors;

/// <summary>
/// Writes tensors in the safetensors format, with a checksum over all of the file (<see cref="SafetensorsChecksum"/> says of what exactly);
/// equal content gives equal bytes.
/// </summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes header and data to a stream.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            DenseTensor.Ensure(name, tensor);
        }

        // Wide elements first keeps every tensor aligned to its element size, as a reader that maps the file into memory needs it.
        KeyValuePair<string, Tensor>[] ordered = [.. tensors
            .OrderByDescending(item => SafetensorsType.SizeOf(item.Value.dtype))
            .ThenBy(item => item.Key, StringComparer.Ordinal)];
        Check(ordered);

        byte[] header = Header(ordered, metadata);
        byte[] length = new byte[SafetensorsHeader.LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        Sum(length, header, ordered);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Tensor tensor) in ordered)
        {
            WriteData(stream, tensor);
        }
    }

    /// <summary>Puts the checksum of all that will be written into the header.</summary>
    private static void Sum(byte[] length, byte[] header, KeyValuePair<string, Tensor>[] tensors)
    {
        int digits = SafetensorsChecksum.Find(header) ?? throw new UnreachableException("The header was written with a place for the sum.");
        using IncrementalHash hash = SafetensorsChecksum.Begin(length, header, digits);
        using SummingStream sum = new(hash);
        foreach ((_, Tensor tensor) in tensors)
        {
            WriteData(sum, tensor);
        }

        Encoding.ASCII.GetBytes(SafetensorsChecksum.End(hash)).CopyTo(header, digits);
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
        }
    }

    /// <summary>The header, padded, with a blank for the sum.</summary>
    private static byte[] Header(KeyValuePair<string, Tensor>[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        SortedDictionary<string, string> texts = new(StringComparer.Ordinal) { ["format"] = "pt" };
        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            texts[key] = value;
        }

        texts[SafetensorsChecksum.Key] = SafetensorsChecksum.Blank;

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
        int padding = (Alignment - (buffer.WrittenCount % Alignment)) % Alignment;
        buffer.Write("       "u8[..padding]);
        return buffer.WrittenSpan.ToArray();
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
