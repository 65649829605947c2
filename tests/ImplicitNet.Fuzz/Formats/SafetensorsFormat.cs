using System.Text;
using System.Text.Json.Nodes;
using ImplicitNet.Files;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Fuzz.Files;

namespace ImplicitNet.Fuzz.Formats;

/// <summary>safetensors files with a header that fits its data, mostly.</summary>
internal sealed class SafetensorsFormat : FuzzFormat
{
    private static readonly (string Name, int Bits)[] Types =
    [
        ("F64", 64), ("F32", 32), ("F16", 16), ("BF16", 16), ("I64", 64), ("I32", 32), ("I16", 16), ("I8", 8), ("U8", 8), ("BOOL", 8),
        ("U16", 16), ("U32", 32), ("U64", 64), ("F8_E4M3", 8), ("F8_E5M2", 8), ("F8_E8M0", 8), ("C64", 64), ("F4", 4), ("F6_E2M3", 6), ("", 8), ("F128", 128),
    ];

    public override string Name => "safetensors";

    public override byte[] Make(FuzzRandom random)
    {
        JsonObject header = [];
        List<byte> data = [];
        for (int tensor = random.Small(6); tensor >= 0; tensor--)
        {
            (string type, int bits) = random.Of(random.OneIn(3) ? Types : Types[..10]);
            long[] shape = [.. Enumerable.Range(0, random.Small(5)).Select(_ => (long)random.Below(6))];
            long count = shape.Aggregate(1L, (product, size) => product * size);
            int begin = data.Count;
            data.AddRange(random.Bytes((int)((count * bits) + 7) / 8));
            header[random.OneIn(20) ? random.Text(20) : $"tensor{tensor}"] = new JsonObject
            {
                ["dtype"] = random.OneIn(30) ? random.Text(6) : type,
                ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)random.Or(size, 25))]),
                ["data_offsets"] = new JsonArray(random.Or(begin, 30), random.Or(data.Count, 30)),
            };
        }

        if (random.OneIn(2))
        {
            header["__metadata__"] = new JsonObject { ["format"] = "pt", [random.Text(6)] = random.Text(20) };
        }

        string text = header.ToJsonString();
        byte[] json = random.OneIn(4) ? JsonMutation.Of(random, text) : Encoding.UTF8.GetBytes(text);
        byte[] file = SafetensorsBytes.Make(Encoding.Latin1.GetString(json), [.. data]);
        return random.Damaged(file, 6);
    }

    public override void Read(string path, FuzzRandom random)
    {
        using SafetensorsFile file = SafetensorsFile.Read(path);
        file.EnsureFinite(path);
        SafetensorsHeader.Read(path);
    }

    public override bool IsRefusal(Exception exception) => exception is WeightsFileException;
}
