using ImplicitNet.Files.Pickles;
using TorchSharp;

namespace ImplicitNet.Files.PyTorch;

/// <summary>An element type that is read and written: its name as a dtype and as a storage class of PyTorch, and its bytes.</summary>
internal sealed record ElementType(string Dtype, string Storage, torch.ScalarType Scalar, int Size)
{
    private static readonly ElementType[] Known =
    [
        new("float64", "DoubleStorage", torch.ScalarType.Float64, 8),
        new("float32", "FloatStorage", torch.ScalarType.Float32, 4),
        new("float16", "HalfStorage", torch.ScalarType.Float16, 2),
        new("bfloat16", "BFloat16Storage", torch.ScalarType.BFloat16, 2),
        new("int64", "LongStorage", torch.ScalarType.Int64, 8),
        new("int32", "IntStorage", torch.ScalarType.Int32, 4),
        new("int16", "ShortStorage", torch.ScalarType.Int16, 2),
        new("int8", "CharStorage", torch.ScalarType.Int8, 1),
        new("uint8", "ByteStorage", torch.ScalarType.Byte, 1),
        new("bool", "BoolStorage", torch.ScalarType.Bool, 1),
    ];

    /// <summary>A byte.</summary>
    public static ElementType Byte { get; } = OfScalar(torch.ScalarType.Byte)!;

    /// <summary>The names of all, for messages.</summary>
    public static string Names => string.Join(", ", Known.Select(known => known.Dtype));

    /// <summary>That of a storage class; a tensor on the GPU was saved with a class of the same name. Null for another.</summary>
    public static ElementType? OfStorage(PickleGlobal type) =>
        type.Module is "torch" or "torch.cuda" or "torch.storage" ? Array.Find(Known, known => known.Storage == type.Name) : null;

    /// <summary>That of a dtype such as torch.float32; null for another.</summary>
    public static ElementType? OfDtype(PickleGlobal dtype) =>
        dtype.Module == "torch" ? Array.Find(Known, known => known.Dtype == dtype.Name) : null;

    /// <summary>That of a tensor here; null for one that is not written.</summary>
    public static ElementType? OfScalar(torch.ScalarType scalar) => Array.Find(Known, known => known.Scalar == scalar);
}
