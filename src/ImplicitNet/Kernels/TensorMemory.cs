using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

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
