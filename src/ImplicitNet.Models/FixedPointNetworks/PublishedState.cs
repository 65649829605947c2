using ImplicitNet.Files;
using ImplicitNet.Files.PyTorch;
using static TorchSharp.torch;

namespace ImplicitNet.Models.FixedPointNetworks;

/// <summary>The one of a file's dictionaries that has weights of a published network, under the published names.</summary>
internal sealed class PublishedState
{
    // What every published network has, and what tells where the published name begins.
    private const string Mark = "latent_convs.";
    private const string CleanForm = "latent.operator.";
    private const string Counter = ".num_batches_tracked";

    // torch.optim.swa_utils.AveragedModel counts beside the weights.
    private const string Average = "n_averaged";

    private PublishedState(string place, Dictionary<string, Tensor> tensors, Dictionary<string, string> passedOver) =>
        (Place, Tensors, PassedOver) = (place, tensors, passedOver);

    /// <summary>Where in the file it is.</summary>
    public string Place { get; }

    /// <summary>The file's tensors by published name.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>What the dictionary has that is not read, by published name, and what it is.</summary>
    public IReadOnlyDictionary<string, string> PassedOver { get; }

    /// <summary>Finds it.</summary>
    /// <exception cref="WeightsFileException">There is none, or there are several; the message names them.</exception>
    public static PublishedState Of(PyTorchFile file, string path, string? place)
    {
        string[] places = place is not null
            ? [place]
            : [.. file.StateDictionaries.Where(state => Prefix(state.Value.Keys) is not null).Select(state => state.Key)];
        if (places.Length > 1)
        {
            throw new WeightsFileException(
                path, $"several dictionaries hold weights of such a network: {string.Join(", ", places.Take(10).Select(Printable.Of))}; "
                + "choose one by --entry, or by its place.");
        }

        string chosen = places.Length == 1 ? places[0] : "";
        IReadOnlyDictionary<string, Tensor> tensors = places.Length == 1 ? file.StateDictionary(path, chosen) : file.StateDictionary(path);
        if (Prefix(tensors.Keys) is not { } prefix)
        {
            throw new WeightsFileException(
                path,
                tensors.Keys.Any(name => name.StartsWith(CleanForm, StringComparison.Ordinal))
                    ? "these are weights of the clean form, and only those of the published form are read here. What they were written "
                        + "from, the model's folder with config.json and model.safetensors, is read as it is (--model)."
                    : "no tensor is called latent_convs.0...: these are not the weights of a network of the paper.");
        }

        bool hasPrefix = prefix.Length > 0
            && tensors.Keys.All(name => name == Average || name.StartsWith(prefix, StringComparison.Ordinal));
        string inFile = (chosen.Length == 0 ? "" : chosen + "/") + (hasPrefix ? prefix : "");
        return new PublishedState(
            chosen,
            tensors.Where(tensor => !hasPrefix || tensor.Key != Average)
                .ToDictionary(tensor => hasPrefix ? tensor.Key[prefix.Length..] : tensor.Key, tensor => tensor.Value),
            file.PassedOver.Where(value => value.Key.StartsWith(inFile, StringComparison.Ordinal))
                .ToDictionary(value => value.Key[inFile.Length..], value => value.Value));
    }

    /// <summary>The tensors, and zeros for the counters that a network has and the file, as those of old versions, has none of.</summary>
    /// <returns>New tensors among them are in the caller's dispose scope.</returns>
    public IReadOnlyDictionary<string, Tensor> WithCounters(IReadOnlyDictionary<string, Tensor> targets)
    {
        if (Tensors.Keys.Any(name => name.EndsWith(Counter, StringComparison.Ordinal)))
        {
            return Tensors;
        }

        Dictionary<string, Tensor> all = new(Tensors);
        foreach (string name in targets.Keys.Where(name => name.EndsWith(Counter, StringComparison.Ordinal)))
        {
            all.TryAdd(name, zeros([], ScalarType.Int64));
        }

        return all;
    }

    // What stands before the published names, an empty text where nothing does; null where there is none of them.
    private static string? Prefix(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            int begin = name.IndexOf(Mark, StringComparison.Ordinal);
            if (begin == 0 || (begin > 0 && name[begin - 1] == '.'))
            {
                return name[..begin];
            }
        }

        return null;
    }
}
