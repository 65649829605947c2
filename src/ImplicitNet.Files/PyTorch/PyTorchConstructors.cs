using ImplicitNet.Files.Pickles;

namespace ImplicitNet.Files.PyTorch;

/// <summary>What of a pickle means tensors and dictionaries. Whatever else it calls is passed over.</summary>
internal sealed class PyTorchConstructors(PickleSource source) : PickleConstructors
{
    /// <inheritdoc/>
    public override object? Make(PickleObject described)
    {
        (PickleGlobal name, object?[] values) = (described.Callable, described.Arguments);
        return (name.Module, name.Name, values) switch
        {
            ("collections", "OrderedDict" or "defaultdict", []) => new PickleDictionary(),
            ("collections", "defaultdict", [_]) => new PickleDictionary(),
            ("builtins" or "__builtin__", "dict", []) => new PickleDictionary(),
            ("torch", "Size", [object?[] sizes]) => sizes,
            ("torch._utils", "_rebuild_tensor_v2", [_, _, _, _, _, _, PickleDictionary bits, ..]) when IsLazy(bits) =>
                new PickleUnread("a negated or conjugated view"),
            ("torch._utils", "_rebuild_tensor_v3", [_, _, _, _, _, _, _, PickleDictionary bits, ..]) when IsLazy(bits) =>
                new PickleUnread("a negated or conjugated view"),
            ("torch._utils", "_rebuild_tensor", [var storage, var offset, var size, var stride, ..]) =>
                Tensor(storage, offset, size, stride),
            ("torch._utils", "_rebuild_tensor_v2", [var storage, var offset, var size, var stride, ..]) =>
                Tensor(storage, offset, size, stride),
            ("torch._utils", "_rebuild_tensor_v3", [var storage, var offset, var size, var stride, _, _, PickleGlobal dtype, ..]) =>
                Tensor(Typed(storage, dtype), offset, size, stride),
            ("torch._utils", "_rebuild_parameter" or "_rebuild_parameter_with_state", [var tensor, ..]) => tensor,
            ("torch._tensor", "_rebuild_from_type_v2", [PickleGlobal inner, _, object?[] inside, ..]) when inner != name =>
                Make(new PickleObject(inner, inside)),
            ("torch._utils", "_rebuild_tensor" or "_rebuild_tensor_v2" or "_rebuild_tensor_v3", _) =>
                throw source.Fault($"{name} has {values.Length} arguments, too few or none that are understood"),
            _ => described,
        };
    }

    /// <summary>A storage: ("storage", class, key, device, elements).</summary>
    public override object Persistent(object? id) => id switch
    {
        object?[] and ["storage", PickleGlobal type, string key, _, long elements, ..] => elements < 0
            ? throw source.Fault($"storage {Printable.Of(key)} has {elements} elements")
            : type.Name == "UntypedStorage" ? new StorageRecord(key, ElementType.Byte, elements, IsTyped: false)
            : ElementType.OfStorage(type) is { } known ? new StorageRecord(key, known, elements, IsTyped: true)
            : new PickleUnread(type),
        object?[] and ["storage", ..] =>
            throw source.Fault("a storage is announced with other members than class, key, device and elements"),
        _ => new PickleUnread("an object outside the pickle"),
    };

    // Bits by which PyTorch puts a change of the values off until somebody reads them: the storage holds other values.
    private static bool IsLazy(PickleDictionary bits) => bits.Entries.Any(bit => bit.Value is true);

    private static object? Typed(object? storage, PickleGlobal dtype) =>
        storage is not StorageRecord { IsTyped: false } untyped ? storage
        : ElementType.OfDtype(dtype) is not { } type ? new PickleUnread(dtype)
        : untyped with { Type = type, Elements = untyped.Elements / type.Size, IsTyped = true };

    private object Tensor(object? storage, object? offset, object? size, object? stride)
    {
        if (storage is PickleOpaque opaque)
        {
            return opaque;
        }

        if (storage is not StorageRecord { IsTyped: true } record)
        {
            throw source.Fault("a tensor has no typed storage");
        }

        return TensorRecord.Create(record, offset as long?, Numbers(size), Numbers(stride), out string? problem)
            ?? throw source.Fault($"a tensor of storage {Printable.Of(record.Key)} {problem}");
    }

    // A long tuple is not looked through: the pickle may use it for any number of tensors.
    private static long[]? Numbers(object? tuple) =>
        tuple is object?[] { Length: <= TensorRecord.MaximalRank } values && Array.TrueForAll(values, value => value is long)
            ? Array.ConvertAll(values, value => (long)value!)
            : null;
}
