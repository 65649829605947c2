using System.Text;
using ImplicitNet.Files.Pickles;

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
        PickleSource pickle = new(content, (place, problem, cause) => new DataFileException(name, place, problem + ".", cause));
        if (PickleMachine.Read(pickle) is not PickleDictionary batch)
        {
            throw Fault("the pickle holds no dictionary, as a batch of CIFAR-10 does.");
        }

        ReadOnlySpan<byte> planes = Array(batch["data"], out int count).Span;
        if (batch["labels"] is not PickleList { Items: var labels } || labels.Count != count)
        {
            throw Fault($"\"labels\" is no list of {count} numbers, one for each image.");
        }

        Cifar10Batch result = new(new byte[count * Cifar10Batch.ImageBytes], new byte[count]);
        for (int index = 0; index < count; index++)
        {
            result.Labels[index] = labels[index] is long label and >= 0 and < Cifar10Batch.ClassCount
                ? (byte)label
                : throw Fault(
                    $"label {Told(labels[index])} of image {index} is out of range: expected 0 to {Cifar10Batch.ClassCount - 1}.");
            int start = index * Cifar10Batch.ImageBytes;
            Cifar10Batch.Interleave(planes.Slice(start, Cifar10Batch.ImageBytes), result.Pixels.AsSpan(start));
        }

        return result;

        // An array is rebuilt from its state: version, shape, type, whether columns come first, and the bytes, a string in Python 2.
        ReadOnlyMemory<byte> Array(object? value, out int images)
        {
            if (value is not PickleObject
                {
                    Callable: { Module: "numpy.core.multiarray" or "numpy._core.multiarray", Name: "_reconstruct" },
                    State: object?[] and
                    [
                        long, object?[] and [long rows, (long)Cifar10Batch.ImageBytes],
                        PickleObject { Callable: { Module: "numpy", Name: "dtype" }, Arguments: ["u1" or "|u1", ..] },
                        false, string or PickleByteString
                    ] and [.., var stored]
                })
            {
                throw Fault($"\"data\" is no NumPy array of bytes, [images, {Cifar10Batch.ImageBytes}].");
            }

            ReadOnlyMemory<byte> bytes =
                stored is PickleByteString { Content: var present } ? present : Encoding.Latin1.GetBytes((string)stored!);
            images = (int)Math.Clamp(rows, 0, Cifar10Batch.PublishedImages);
            return rows is >= 1 and <= Cifar10Batch.PublishedImages && bytes.Length == rows * Cifar10Batch.ImageBytes
                ? bytes
                : throw Fault($"\"data\" announces {rows} images of {Cifar10Batch.ImageBytes} bytes and has {bytes.Length}; "
                    + $"expected 1 to {Cifar10Batch.PublishedImages} images.");
        }

        static string Told(object? label) => label switch
        {
            null => "None",
            PickleOpaque opaque => opaque.What,
            long or bool or double => label.ToString()!,
            _ => "of another kind",
        };

        DataFileException Fault(string fault) => new(name, null, fault);
    }
}
