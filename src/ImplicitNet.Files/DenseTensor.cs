using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Files;

/// <summary>What a tensor must be for a file to hold it, whatever the format.</summary>
internal static class DenseTensor
{
    /// <summary>Refuses a tensor without numbers of its own.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="ArgumentException">It is null, disposed, sparse or on the meta device.</exception>
    public static void Ensure(string name, Tensor? tensor)
    {
        string? fault = tensor is null ? "is null"
            : tensor.IsInvalid ? "has been disposed"
            : tensor.is_sparse ? "is sparse; a file can hold dense ones only"
            : tensor.device_type == DeviceType.META ? "has no values: it is on the meta device"
            : null;
        if (fault is not null)
        {
            throw new ArgumentException($"Tensor '{name}' {fault}.", nameof(tensor));
        }
    }
}
