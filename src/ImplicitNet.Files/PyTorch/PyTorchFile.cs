using ImplicitNet.Files.Safetensors;
using static TorchSharp.torch;

namespace ImplicitNet.Files.PyTorch;

/// <summary>The named tensors of a file that PyTorch's torch.save wrote, <c>.pth</c> or <c>.pt</c>.</summary>
/// <remarks>
/// Reads the zip format (the default since PyTorch 1.6) with pickle protocols 2 to 5: nested dictionaries that hold tensors under texts, of
/// float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8 and bool, with any strides and shared storages, saved from any
/// device. Nothing that the file names is ever executed or looked up: a short list of constructors is understood, and values of all other
/// classes are skipped. A file that was read owns its tensors: disposing it disposes them.
/// </remarks>
public sealed class PyTorchFile : IDisposable
{
    internal PyTorchFile(
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> stateDictionaries, IReadOnlyDictionary<string, string> passedOver)
    {
        StateDictionaries = stateDictionaries;
        PassedOver = passedOver;
    }

    /// <summary>
    /// The dictionaries that hold tensors, by their place: "" for the top one, "model" for its entry model, "a/b" for entry b of entry a.
    /// Each in the file's order; its tensors are on the CPU, without gradient, in the layout of the file, and may share memory with each
    /// other. This object owns them.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> StateDictionaries { get; }

    /// <summary>
    /// What was skipped, by place, the first 1000: the name of its class, such as torch.optim.lr_scheduler.StepLR, or its kind.
    /// </summary>
    public IReadOnlyDictionary<string, string> PassedOver { get; }

    /// <summary>Reads a file. All sizes are checked against the file's length before memory is taken for them.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors. The caller owns it. They are outside any dispose scope.</returns>
    /// <exception cref="WeightsFileException">
    /// The file cannot be opened, violates the format, or was written by PyTorch before 1.6; the message says where and what to do.
    /// </exception>
    public static PyTorchFile Read(string path)
    {
        using FileStream stream = SafetensorsReader.Open(path);
        return PyTorchReader.Read(stream, path);
    }

    /// <summary>Loads a file into a model that is built in the same way: all of its parameters and buffers, or none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model, with the names and shapes of the file; it keeps its dtypes and device. The caller keeps it.</param>
    /// <param name="place">The place of the dictionary, as for <see cref="StateDictionary"/>.</param>
    /// <exception cref="WeightsFileException">
    /// For the reasons of <see cref="Read"/> and <see cref="StateDictionary"/>; or tensors are missing, superfluous, or of a different
    /// shape or kind: the message names them.
    /// </exception>
    public static void Load(string path, nn.Module model, string? place = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        using PyTorchFile file = Read(path);
        NamedTensors.Fill(model.state_dict(), file.StateDictionary(path, place), path, model.GetType().Name, passedOver: null);
    }

    /// <summary>
    /// Replaces a file, whole or not at all, by a state dictionary that torch.load reads, with <c>weights_only=True</c>
    /// too. Equal content gives equal bytes.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">
    /// The tensors by name, of any layout and device; each is written in row-major order, with a storage of its own.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A tensor has an element type that is not written, or is null, disposed, sparse or without values.
    /// </exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        AtomicFile.Write(path, stream => PyTorchWriter.Write(stream, tensors));
    }

    /// <summary>
    /// The state dictionary of a model: the top one, or the one among its entries that has more tensors, for files in which a state
    /// dictionary and another tensor were saved together.
    /// </summary>
    /// <param name="path">The name of the file for messages.</param>
    /// <param name="place">Its place, if there are several; by default the only one.</param>
    /// <exception cref="WeightsFileException">There is none at that place, or there are several; the message names them.</exception>
    public IReadOnlyDictionary<string, Tensor> StateDictionary(string path, string? place = null)
    {
        int own = StateDictionaries.TryGetValue("", out IReadOnlyDictionary<string, Tensor>? root) ? root.Count : 0;
        string[] larger =
            [.. StateDictionaries.Where(state => !state.Key.Contains('/') && state.Value.Count > own).Select(state => state.Key)];
        string? chosen = place ?? (larger.Length == 1 ? larger[0] : larger.Length == 0 && own > 0 ? "" : null);
        if (chosen is not null && StateDictionaries.TryGetValue(chosen, out IReadOnlyDictionary<string, Tensor>? found))
        {
            return found;
        }

        string places = StateDictionaries.Count == 0
            ? "none at all"
            : string.Join(", ", StateDictionaries.Keys.Take(10).Select(Printable.Of));
        throw new WeightsFileException(path, place is null
            ? $"one dictionary of tensors by name was expected; there is {places}."
            : $"there is no dictionary of tensors at {Printable.Of(place)}; there is {places}.");
    }

    /// <summary>Checks that no floating-point tensor of a state dictionary holds NaN or infinity.</summary>
    /// <param name="path">The name of the file for messages.</param>
    /// <param name="place">The dictionary's place, as for <see cref="StateDictionary"/>.</param>
    /// <exception cref="WeightsFileException">A value is not finite; the message names the tensor and the first such index.</exception>
    public void EnsureFinite(string path, string? place = null) => NonFiniteIndex.Refuse(StateDictionary(path, place), path);

    /// <summary>Disposes the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in StateDictionaries.Values.SelectMany(tensors => tensors.Values))
        {
            tensor.Dispose();
        }
    }
}
