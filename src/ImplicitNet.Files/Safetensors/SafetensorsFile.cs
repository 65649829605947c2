using static TorchSharp.torch;

namespace ImplicitNet.Files.Safetensors;

/// <summary>Named tensors and texts in the safetensors format, which other tools for neural networks read and write too.</summary>
/// <remarks>
/// Element types: float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool; tensors of other types of the format are
/// skipped. A file that was read owns its tensors: disposing it disposes them. Values are taken as they are; <see cref="EnsureFinite"/>
/// refuses NaN and infinity. The text "sha256" is the SHA-256 of the whole file, from its first byte to its last, with these 64 hexadecimal
/// digits taken as 64 characters '0'.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    internal SafetensorsFile(
        IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> passedOver,
        IReadOnlyDictionary<string, string> metadata)
    {
        Tensors = tensors;
        PassedOver = passedOver;
        Metadata = metadata;
    }

    /// <summary>The tensors by name, in the file's order, on the CPU, row-major, without gradient. This object owns them.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>
    /// The tensors that were skipped, by name, and their dtype in the file, such as "F8_E4M3", which no tensor here can hold.
    /// </summary>
    public IReadOnlyDictionary<string, string> PassedOver { get; }

    /// <summary>The free texts of the file by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// Reads a file. The whole header is checked against the file's length before any tensor is created. If there is a checksum (the text
    /// "sha256", as in files that this library writes), it is checked too.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensors and texts. The caller owns it. Its tensors are outside any dispose scope.</returns>
    /// <exception cref="WeightsFileException">
    /// The file cannot be opened, violates the format, or does not match its checksum; the message says where.
    /// </exception>
    public static SafetensorsFile Read(string path)
    {
        using FileStream stream = SafetensorsReader.Open(path);
        return SafetensorsReader.Read(stream, path);
    }

    /// <summary>Loads a file into a model that is built in the same way: all of its parameters and buffers, or none.</summary>
    /// <param name="path">The file, such as one that <c>Write(path, model.state_dict())</c> made.</param>
    /// <param name="model">The model, with the names and shapes of the file; it keeps its dtypes and device. The caller keeps it.</param>
    /// <exception cref="WeightsFileException">
    /// For the reasons of <see cref="Read"/>; or tensors are missing, superfluous, or of a different shape or kind: the message names them.
    /// </exception>
    public static void Load(string path, nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using SafetensorsFile file = Read(path);
        NamedTensors.Fill(model.state_dict(), file.Tensors, path, model.GetType().Name, file.PassedOver);
    }

    /// <summary>Replaces a file whole or not at all. Equal content gives equal bytes.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">The tensors by name, of any layout and device; each is written in row-major order.</param>
    /// <param name="metadata">
    /// Texts to keep with them, besides "format": "pt" and the checksum "sha256", which takes the place of a given one.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A tensor has an element type that the format lacks, is null, disposed, sparse or without values, or has the name __metadata__.
    /// </exception>
    /// <exception cref="IOException">The file could not be written; an old one stays as it was.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes the format to a stream, which is left open.</summary>
    /// <param name="stream">Where to write, from its present position.</param>
    /// <param name="tensors">The tensors by name, of any layout and device; each is written in row-major order.</param>
    /// <param name="metadata">
    /// Texts to keep with them, besides "format": "pt" and the checksum "sha256", which takes the place of a given one.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A tensor has an element type that the format lacks, is null, disposed, sparse or without values, or has the name __metadata__.
    /// </exception>
    public static void Write(
        Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        SafetensorsWriter.Write(stream, tensors, metadata);
    }

    /// <summary>Checks that no floating-point tensor holds NaN or infinity.</summary>
    /// <param name="path">The name of the file for the message.</param>
    /// <exception cref="WeightsFileException">A value is not finite; the message names the tensor and the first such index.</exception>
    public void EnsureFinite(string path) => NonFiniteIndex.Refuse(Tensors, path);

    /// <summary>Disposes the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
