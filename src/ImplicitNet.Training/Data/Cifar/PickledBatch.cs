namespace ImplicitNet.Training.Data.Cifar;

/// <summary>
/// A file of the Python form: a pickled dictionary whose "data" is a NumPy array of bytes, [images, 3072], three planes for each image, and
/// whose "labels" is a list of numbers.
/// </summary>
internal static class PickledBatch
{
    /// <exception cref="DataFileException">It is no such pickle.</exception>
    public static Cifar10Batch Parse(byte[] content, string name)
    {
        if (PickleReader.Read(content, name) is not Dictionary<string, object?> batch)
        {
            throw Fault("the pickle holds no dictionary, as a batch of CIFAR-10 does.");
        }

        ReadOnlySpan<byte> planes = Array(batch.GetValueOrDefault("data"), out int count).Span;
        if (batch.GetValueOrDefault("labels") is not List<object?> labels || labels.Count != count)
        {
            throw Fault($"\"labels\" is no list of {count} numbers, one for each image.");
        }

        Cifar10Batch result = new(new byte[count * Cifar10Batch.ImageBytes], new byte[count]);
        for (int index = 0; index < count; index++)
        {
            result.Labels[index] = labels[index] is int label and >= 0 and < Cifar10Batch.ClassCount
                ? (byte)label
                : throw Fault(
                    $"label {labels[index] ?? "None"} of image {index} is out of range: expected 0 to {Cifar10Batch.ClassCount - 1}.");
            int start = index * Cifar10Batch.ImageBytes;
            Cifar10Batch.Interleave(planes.Slice(start, Cifar10Batch.ImageBytes), result.Pixels.AsSpan(start));
        }

        return result;

        // An array is rebuilt from its state: version, shape, type, whether columns come first, and the bytes.
        ReadOnlyMemory<byte> Array(object? value, out int images)
        {
            images = 0;
            if (value is not PickledObject
                {
                    Type: "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct",
                    State: object?[] state
                }
                || state is not [int, object?[] shape, PickledObject { Type: "numpy.dtype", Arguments: [object kind, ..] }, false,
                ReadOnlyMemory<byte> bytes]
                || !IsByte(kind)
                || shape is not [int rows, Cifar10Batch.ImageBytes])
            {
                throw Fault($"\"data\" is no NumPy array of bytes, [images, {Cifar10Batch.ImageBytes}].");
            }

            images = rows;
            return rows is >= 1 and <= Cifar10Batch.PublishedImages && bytes.Length == rows * Cifar10Batch.ImageBytes
                ? bytes
                : throw Fault($"\"data\" announces {rows} images of {Cifar10Batch.ImageBytes} bytes and has {bytes.Length}; "
                    + $"expected 1 to {Cifar10Batch.PublishedImages} images.");
        }

        static bool IsByte(object kind) => kind is string or ReadOnlyMemory<byte> && PickleReader.Text(kind) is "u1" or "|u1";

        DataFileException Fault(string fault) => new(name, null, fault);
    }
}
