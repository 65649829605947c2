using TorchSharp;

namespace ImplicitNet.Files.Safetensors;

/// <summary>The element types of the safetensors format that a tensor can hold here: their names and sizes.</summary>
internal static class SafetensorsType
{
    private static readonly (string Name, torch.ScalarType Type, int Size)[] Known =
    [
        ("F64", torch.ScalarType.Float64, 8),
        ("I64", torch.ScalarType.Int64, 8),
        ("F32", torch.ScalarType.Float32, 4),
        ("I32", torch.ScalarType.Int32, 4),
        ("F16", torch.ScalarType.Float16, 2),
        ("BF16", torch.ScalarType.BFloat16, 2),
        ("I16", torch.ScalarType.Int16, 2),
        ("I8", torch.ScalarType.Int8, 1),
        ("U8", torch.ScalarType.Byte, 1),
        ("BOOL", torch.ScalarType.Bool, 1),
    ];

    // The other types of the format, which no tensor here holds, in bits.
    private static readonly Dictionary<string, int> Foreign = new()
    {
        ["U64"] = 64,
        ["U32"] = 32,
        ["U16"] = 16,
        ["C64"] = 64,
        ["F8_E4M3"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E8M0"] = 8,
        ["F8_E4M3FNUZ"] = 8,
        ["F8_E5M2FNUZ"] = 8,
        ["F6_E2M3"] = 6,
        ["F6_E3M2"] = 6,
        ["F4"] = 4,
    };

    /// <summary>Bits per element of a type that the format has and no tensor here; null for another.</summary>
    public static int? ForeignBits(string name) => Foreign.TryGetValue(name, out int bits) ? bits : null;

    /// <summary>The names, for messages.</summary>
    public static string Names => string.Join(", ", Known.Select(known => known.Name));

    /// <summary>Finds an element type by its name in the file.</summary>
    public static bool TryParse(string? name, out torch.ScalarType type)
    {
        int index = Array.FindIndex(Known, known => known.Name == name);
        type = index < 0 ? default : Known[index].Type;
        return index >= 0;
    }

    /// <summary>The name in the file; null for a type that the format or this library does not have.</summary>
    public static string? NameOf(torch.ScalarType type) => Array.Find(Known, known => known.Type == type).Name;

    /// <summary>Bytes per element.</summary>
    public static int SizeOf(torch.ScalarType type) => Array.Find(Known, known => known.Type == type).Size;
}
