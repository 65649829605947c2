using System.Globalization;
using System.IO.Hashing;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Files.PyTorch;

/// <summary>Writes a state dictionary as torch.save does.</summary>
internal static class PyTorchWriter
{
    private const string Folder = "archive";

    // Spans cannot be longer than 2^31 bytes.
    private const long ElementsAtOnce = 1 << 24;

    /// <summary>Writes the archive to a stream.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        (string Name, ElementType Type, long[] Shape)[] described =
            [.. tensors.Select(item => (item.Key, TypeOf(item.Key, item.Value), item.Value.shape))];
        StoredZip zip = new(stream);
        Add(zip, "data.pkl", PyTorchPickle.Of(described));
        Add(zip, "byteorder", "little"u8.ToArray());
        int key = 0;
        foreach (Tensor tensor in tensors.Values)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGraph = no_grad();
            Tensor flat = tensor.cpu().contiguous().reshape(-1);
            Crc32 checksum = new();
            ForParts(flat, checksum.Append);
            string name = key.ToString(CultureInfo.InvariantCulture);
            zip.Add(
                $"{Folder}/data/{name}", flat.numel() * described[key].Type.Size, checksum.GetCurrentHashAsUInt32(),
                target => ForParts(flat, target.Write));
            key++;
        }

        // The version of the format that PyTorch 1.6 and later write.
        Add(zip, "version", "3\n"u8.ToArray());
        zip.Finish();
    }

    private static void Add(StoredZip zip, string name, byte[] content) =>
        zip.Add($"{Folder}/{name}", content.Length, Crc32.HashToUInt32(content), stream => stream.Write(content));

    private static void ForParts(Tensor flat, ReadOnlySpanAction action)
    {
        for (long begin = 0; begin < flat.numel(); begin += ElementsAtOnce)
        {
            using Tensor part = flat.narrow(0, begin, Math.Min(ElementsAtOnce, flat.numel() - begin));
            action(part.bytes);
        }
    }

    private static ElementType TypeOf(string name, Tensor tensor)
    {
        DenseTensor.Ensure(name, tensor);
        return ElementType.OfScalar(tensor.dtype) ?? throw new ArgumentException(
            $"Tensor '{name}' is of type {tensor.dtype}; a file can hold {ElementType.Names}.", nameof(tensor));
    }

    private delegate void ReadOnlySpanAction(ReadOnlySpan<byte> bytes);
}
