namespace ImplicitNet.Files.PyTorch;

/// <summary>A tensor as the pickle announces it, a view of a storage; nothing of it is read yet.</summary>
internal sealed record TensorRecord(StorageRecord Storage, long Offset, IReadOnlyList<long> Size, IReadOnlyList<long> Stride)
{
    // libtorch keeps a shape's dimensions in a set of 64 bits.
    public const int MaximalRank = 64;

    // A stride of 0 repeats elements: a file of few bytes could ask for any amount of memory as soon as somebody copies it.
    private const long MaximalRepeated = 1 << 20;

    /// <summary>Checks a view against its storage.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="offset">First element.</param>
    /// <param name="size">Its sizes.</param>
    /// <param name="stride">Its strides in elements.</param>
    /// <param name="problem">What is wrong, where the result is null.</param>
    public static TensorRecord? Create(StorageRecord storage, long? offset, long[]? size, long[]? stride, out string? problem)
    {
        if (offset is not { } first || size is null || stride is null)
        {
            problem = $"has an offset, sizes or strides that are no integers, or more than {MaximalRank} of them";
            return null;
        }

        problem = Problem(storage, first, size, stride);
        return problem is null ? new TensorRecord(storage, first, size, stride) : null;
    }

    private static string? Problem(StorageRecord storage, long offset, long[] size, long[] stride)
    {
        string shape = $"[{string.Join(", ", size)}]";
        if (size.Length != stride.Length)
        {
            return $"has {size.Length} sizes and {stride.Length} strides; equally many are needed";
        }

        if (offset < 0 || size.Any(number => number < 0) || stride.Any(number => number < 0))
        {
            return $"of {shape} has a negative offset, size or stride";
        }

        // The last element, and what libtorch's own strides of such a shape come to, which must not overflow either.
        Int128 last = offset;
        Int128 count = 1;
        Int128 product = storage.Type.Size;
        for (int axis = 0; axis < size.Length; axis++)
        {
            last += (Int128)Math.Max(size[axis] - 1, 0) * stride[axis];
            count *= size[axis];
            product *= Math.Max(size[axis], 1);
            if (product > long.MaxValue)
            {
                return $"of {shape} is beyond 2^63 bytes";
            }
        }

        bool reaches = count == 0 ? offset > storage.Elements : last >= storage.Elements;
        return reaches ? $"of {shape} with strides [{string.Join(", ", stride)}] from {offset} on reaches outside the {storage.Elements} "
            + $"elements of its storage"
            : count > Math.Max(storage.Elements, MaximalRepeated) ? $"of {shape} repeats its elements to more than {MaximalRepeated}"
            : null;
    }
}
