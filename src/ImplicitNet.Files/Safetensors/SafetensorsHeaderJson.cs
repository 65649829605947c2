using System.Text.Json;
using TorchSharp;

namespace ImplicitNet.Files.Safetensors;

/// <summary>Reads the parts of a safetensors header from JSON, checking each.</summary>
internal static class SafetensorsHeaderJson
{
    // libtorch keeps a shape's dimensions in a set of 64 bits.
    private const int MaximalRank = 64;

    /// <summary>The texts of the file.</summary>
    public static Dictionary<string, string> Metadata(JsonElement json, string path)
    {
        Require(json.ValueKind == JsonValueKind.Object, SafetensorsHeader.MetadataName, "must be an object of texts", path);
        Dictionary<string, string> metadata = [];
        foreach (JsonProperty property in json.EnumerateObject())
        {
            Require(
                property.Value.ValueKind == JsonValueKind.String,
                SafetensorsHeader.MetadataName,
                $"'{property.Name}' must be a text",
                path);
            metadata.Add(property.Name, property.Value.GetString()!);
        }

        return metadata;
    }

    /// <summary>One tensor: its dtype, its shape, and offsets that fit both.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="json">What the header says of it.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="foreign">The dtype where no tensor here can hold it; else null.</param>
    public static SafetensorsEntry Entry(string name, JsonElement json, string path, out string? foreign)
    {
        string place = $"tensor '{name}'";
        Require(json.ValueKind == JsonValueKind.Object, place, "must be an object", path);

        string? dtype = json.TryGetProperty("dtype", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;
        Require(dtype is not null, place, "dtype must be a text", path);
        bool isOurs = SafetensorsType.TryParse(dtype, out torch.ScalarType type);
        foreign = isOurs ? null : dtype;
        int? bits = isOurs ? 8 * SafetensorsType.SizeOf(type) : SafetensorsType.ForeignBits(dtype!);
        Require(bits is not null, place, $"dtype is '{dtype}', which the format does not have; {SafetensorsType.Names} are read", path);

        long[] shape = Numbers(json, "shape", place, path);
        Require(shape.Length <= MaximalRank, place, $"shape has {shape.Length} sizes, at most {MaximalRank} are possible", path);
        long bytes = ByteLength(shape, bits!.Value, place, path);

        long[] offsets = Numbers(json, "data_offsets", place, path);
        Require(offsets.Length == 2, place, $"data_offsets has {offsets.Length} numbers, expected 2", path);
        Require(offsets[0] <= offsets[1], place, $"data_offsets run backwards, from {offsets[0]} to {offsets[1]}", path);
        Require(
            offsets[1] - offsets[0] == bytes,
            place,
            $"data_offsets give {offsets[1] - offsets[0]} bytes, but {dtype} of [{string.Join(", ", shape)}] needs {bytes}",
            path);
        return new SafetensorsEntry(type, shape, offsets[0], offsets[1]);
    }

    private static long[] Numbers(JsonElement json, string key, string place, string path)
    {
        bool isArray = json.TryGetProperty(key, out JsonElement array) && array.ValueKind == JsonValueKind.Array;
        Require(isArray, place, $"{key} must be an array of integers", path);
        long[] numbers = new long[array.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            bool isNumber = item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out numbers[index]) && numbers[index] >= 0;
            Require(isNumber, place, $"{key}[{index}] must be an integer of at least 0", path);
            index++;
        }

        return numbers;
    }

    private static long ByteLength(long[] shape, int bits, string place, string path)
    {
        // An empty tensor has strides too: they are products of the sizes that are not 0, and must not overflow either.
        Int128 strides = bits;
        foreach (long size in shape)
        {
            strides *= Math.Max(size, 1);
            Require((strides + 7) / 8 <= long.MaxValue, place, $"the shape [{string.Join(", ", shape)}] is beyond 2^63 bytes", path);
        }

        return shape.Contains(0) ? 0 : (long)((strides + 7) / 8);
    }

    private static void Require(bool holds, string place, string problem, string path)
    {
        if (!holds)
        {
            throw new WeightsFileException(path, $"{place}: {problem}.");
        }
    }
}
