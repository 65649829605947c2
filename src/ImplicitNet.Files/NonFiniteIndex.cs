using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Files;

/// <summary>Finds the first value of a tensor that is NaN or infinite.</summary>
internal static class NonFiniteIndex
{
    /// <summary>Checks that there is none in any of the tensors of a file.</summary>
    /// <exception cref="WeightsFileException">There is one; the message names the tensor and the first such index.</exception>
    public static void Refuse(IEnumerable<KeyValuePair<string, Tensor>> tensors, string path)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (Find(tensor) is { } index)
            {
                throw new WeightsFileException(path, $"tensor '{name}': the value at [{string.Join(", ", index)}] is not finite.");
            }
        }
    }

    /// <summary>Its index in row-major order; null where all values are finite.</summary>
    public static long[]? Find(Tensor tensor)
    {
        if (!tensor.is_floating_point() || tensor.numel() == 0)
        {
            return null;
        }

        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor wrong = tensor.isfinite().logical_not();
        if (!wrong.any().item<bool>())
        {
            return null;
        }

        // The first of the largest: true is 1, false is 0.
        long flat = wrong.flatten().to(ScalarType.Byte).argmax().item<long>();
        long[] index = new long[tensor.dim()];
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            (flat, index[axis]) = Math.DivRem(flat, tensor.shape[axis]);
        }

        return index;
    }
}
