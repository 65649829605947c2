using static TorchSharp.torch;

namespace ImplicitNet.Files.Safetensors;

/// <summary>Reads the tensors that a checked header announces.</summary>
internal static class SafetensorsReader
{
    /// <summary>Opens a weights file for reading.</summary>
    public static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WeightsFileException(path, $"cannot be opened: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a whole file from a stream that knows its length; the caller owns the tensors.</summary>
    public static SafetensorsFile Read(Stream stream, string path)
    {
        Dictionary<string, Tensor> tensors = [];
        try
        {
            SafetensorsChecksum.Verify(stream, path);
            SafetensorsHeader header = SafetensorsHeader.Read(stream, path);
            foreach ((string name, SafetensorsEntry entry) in header.Entries.OrderBy(item => item.Value.Begin))
            {
                Tensor tensor = empty([.. entry.Shape], entry.Type).DetachFromDisposeScope();
                tensors.Add(name, tensor);
                if (entry.End > entry.Begin)
                {
                    // What is passed over leaves holes.
                    stream.Position = header.DataBegin + entry.Begin;
                    tensor.ReadBytesFromStream(stream);
                }
            }

            return new SafetensorsFile(tensors, header.PassedOver, header.Metadata);
        }
        catch (Exception exception)
        {
            foreach (Tensor tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            if (exception is IOException)
            {
                throw new WeightsFileException(path, $"cannot be read to its end: {exception.Message}", exception);
            }

            throw;
        }
    }
}
