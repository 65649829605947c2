using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>What TorchSharp's data loaders give, as batches.</summary>
internal static class DataLoaders
{
    /// <summary>One pass; each batch has its own handles, whether or not the loader frees what it gives.</summary>
    public static IEnumerable<Batch> Read(DataLoader loader, string inputs, string targets, string? weights)
    {
        foreach (Dictionary<string, Tensor> tensors in loader)
        {
            yield return Taken(tensors, inputs, targets, weights);
        }
    }

    /// <summary>One pass over tensors that have no names: inputs, targets, and weights where there are three.</summary>
    public static IEnumerable<Batch> Read(IterableDataLoader loader)
    {
        foreach (IList<Tensor> tensors in loader)
        {
            string[] names = tensors.Count is 2 or 3
                ? ["inputs", "targets", "weights"]
                : throw new InvalidOperationException(
                    $"A batch is inputs, targets and perhaps weights; the loader gives {tensors.Count} tensors.");
            yield return Taken(
                names.Zip(tensors).ToDictionary(pair => pair.First, pair => pair.Second), names[0], names[1],
                tensors.Count == 3 ? names[2] : null);
        }
    }

    /// <summary>
    /// Samples and batches of one pass. The loader's own count of batches is that of its whole data set, also where a sampler takes a part.
    /// </summary>
    public static (long Count, long Steps) Size<T, S>(DataLoader<T, S> loader)
    {
        long samples = loader.sampler.LongCount();
        long whole = samples / loader.batch_size;
        return loader.drop_last ? (whole * loader.batch_size, whole) : (samples, whole + (samples % loader.batch_size == 0 ? 0 : 1));
    }

    private static Batch Taken(Dictionary<string, Tensor> tensors, string inputs, string targets, string? weights)
    {
        using DisposeScope scope = NewDisposeScope();
        try
        {
            foreach (string key in new[] { inputs, targets, weights }.OfType<string>())
            {
                if (!tensors.ContainsKey(key))
                {
                    throw new InvalidOperationException($"The loader gives no '{key}'; it gives '{string.Join("', '", tensors.Keys)}'.");
                }
            }

            Dictionary<string, Tensor> own = tensors.ToDictionary(pair => pair.Key, pair => pair.Value.alias());
            return new Batch(own[inputs], own[targets], weights is null ? null : own[weights])
            {
                More = own.Where(pair => pair.Key != inputs && pair.Key != targets && pair.Key != weights).ToDictionary(),
            };
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }
        }
    }
}
