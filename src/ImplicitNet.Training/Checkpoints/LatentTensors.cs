using static TorchSharp.torch;

namespace ImplicitNet.Training.Checkpoints;

/// <summary>What the tensors of a latent cache must keep to, so that taking them up cannot fail half-way.</summary>
internal static class LatentTensors
{
    /// <summary>What is wrong with them; null where nothing is. No tensors at all are an empty cache.</summary>
    /// <param name="tensors">By the names that the cache gives them.</param>
    public static string? Fault(IReadOnlyDictionary<string, Tensor> tensors)
    {
        if (tensors.Count == 0)
        {
            return null;
        }

        (string Name, ScalarType? Type, int Rank)[] needed = [("samples", ScalarType.Int64, 1), ("shape", ScalarType.Int64, 1), ("order", ScalarType.Int64, 1), ("values", null, 2)];
        foreach ((string name, ScalarType? type, int rank) in needed)
        {
            if (!tensors.TryGetValue(name, out Tensor? found))
            {
                return $"'{name}' is missing";
            }

            if (found.ndim != rank || (type is { } integer ? found.dtype != integer : !found.is_floating_point()))
            {
                return $"'{name}' is {found.dtype} [{string.Join(", ", found.shape)}]; {type?.ToString() ?? "floating point"} with {rank} dimensions was expected";
            }
        }

        long[] samples = [.. tensors["samples"].data<long>()];
        long[] shape = [.. tensors["shape"].data<long>()];
        long[] order = [.. tensors["order"].data<long>()];
        long[] values = tensors["values"].shape;
        return samples.Length != values[0] || samples.Distinct().Count() != samples.Length || samples.Any(sample => sample < 0)
                ? $"{samples.Length} ids, of which {samples.Distinct().Count()} differ, for {values[0]} latents"
            : shape.Any(size => size < 1) || shape.Aggregate(1.0, (product, size) => product * size) != values[1]
                ? $"latents of {values[1]} numbers cannot have the shape [{string.Join(", ", shape)}]"
            : order.Length > 0 && (order[0] != 0 || !order.Order().SequenceEqual(Enumerable.Range(0, shape.Length + 1).Select(axis => (long)axis)))
                ? $"[{string.Join(", ", order)}] is no order of {shape.Length + 1} dimensions with the batch first"
            : null;
    }
}
