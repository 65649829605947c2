using static TorchSharp.torch;

namespace ImplicitNet.Files;

/// <summary>Fills the tensors of a model from those of a file by their names, all of them or none.</summary>
internal static class NamedTensors
{
    // A file of another model lacks hundreds of names; a few tell which it is.
    private const int NamesTold = 3;

    /// <summary>Copies every tensor by its name.</summary>
    /// <param name="targets">The model's parameters and buffers.</param>
    /// <param name="weights">
    /// The file's tensors: the same names and shapes, and the same kind (floating point, integer) of elements.
    /// </param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="asker">What says which tensors there must be, for messages.</param>
    /// <param name="passedOver">What the file has and is not read, by name, and what it is, for messages.</param>
    /// <exception cref="WeightsFileException">
    /// Tensors are missing, too many, or of another shape or kind: the message names them.
    /// </exception>
    public static void Fill(
        IReadOnlyDictionary<string, Tensor> targets, IReadOnlyDictionary<string, Tensor> weights,
        string path, string asker, IReadOnlyDictionary<string, string>? passedOver)
    {
        if (Faults(targets, weights, passedOver) is { } faults)
        {
            throw new WeightsFileException(path, $"the tensors are not those that {asker} asks for: {faults}.");
        }

        using IDisposable noGraph = no_grad();
        foreach ((string name, Tensor target) in targets)
        {
            target.copy_(weights[name]);
        }
    }

    /// <summary>How tensors differ from those that there must be, by name, shape and kind; null where they do not.</summary>
    public static string? Faults(
        IReadOnlyDictionary<string, Tensor> targets, IReadOnlyDictionary<string, Tensor> weights,
        IReadOnlyDictionary<string, string>? passedOver = null)
    {
        string[] faults =
        [
            .. Fault("of a kind that is not read", targets.Keys.Where(IsUnread).Select(name => $"'{name}' ({passedOver![name]})")),
            .. Fault("missing", targets.Keys.Where(name => !weights.ContainsKey(name) && !IsUnread(name)).Select(name => $"'{name}'")),
            .. Fault("unlike", targets.Where(target => weights.ContainsKey(target.Key))
                .Select(target => Difference(target.Key, target.Value, weights[target.Key])).OfType<string>()),
            .. Fault("unknown", weights.Keys.Where(name => !targets.ContainsKey(name)).Select(name => $"'{name}'")),
        ];
        return faults.Length == 0 ? null : string.Join("; ", faults);

        bool IsUnread(string name) => !weights.ContainsKey(name) && passedOver is not null && passedOver.ContainsKey(name);
    }

    private static IEnumerable<string> Fault(string kind, IEnumerable<string> names)
    {
        string[] all = [.. names];
        string rest = all.Length > NamesTold ? $" and {all.Length - NamesTold} more" : "";
        return all.Length == 0 ? [] : [$"{all.Length} {kind}, {string.Join(", ", all.Take(NamesTold))}{rest}"];
    }

    private static string? Difference(string name, Tensor target, Tensor weight) =>
        weight.shape.AsSpan().SequenceEqual(target.shape) && weight.is_floating_point() == target.is_floating_point()
            ? null
            : $"'{name}' {Describe(weight)} instead of {Describe(target)}";

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}
