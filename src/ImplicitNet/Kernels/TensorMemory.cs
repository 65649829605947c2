using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>Which tensors can be seen as plain memory.</summary>
internal static class TensorMemory
{
    /// <summary>
    /// Whether so many numbers fit into one piece of memory as .NET sees it, which is 2 GiB less a byte. What is larger is torch's.
    /// </summary>
    /// <param name="elements">How many.</param>
    /// <param name="dtype">Of which kind.</param>
    public static bool Holds(long elements, ScalarType dtype) => elements <= int.MaxValue / dtype.ElementSize();

    /// <summary>Whether a tensor is on the processor, contiguous, not empty, and not too large.</summary>
    /// <param name="tensor">Any tensor.</param>
    public static bool Holds(Tensor tensor) =>
        tensor.device_type == DeviceType.CPU && tensor.is_contiguous() && tensor.numel() is > 0 and var elements
        && Holds(elements, tensor.dtype);
}

/// <summary>
/// The memory of a contiguous tensor on the processor, for several threads: asking the tensor for it costs several native calls and some
/// garbage each time.
/// </summary>
/// <typeparam name="T">Its element type.</typeparam>
internal readonly unsafe struct TensorMemory<T>
    where T : unmanaged
{
    private readonly T* _first;

    /// <summary>Of a tensor that must be kept alive for as long as this is used.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not contiguous, or not on the processor.</exception>
    public TensorMemory(Tensor tensor)
    {
        Span<T> values = MemoryMarshal.Cast<byte, T>(tensor.bytes);
        _first = (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        Length = values.Length;
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>Some of them; the caller stays within <see cref="Length"/>, which is checked.</summary>
    public Span<T> Slice(int start, int length) => new Span<T>(_first, Length).Slice(start, length);
}
