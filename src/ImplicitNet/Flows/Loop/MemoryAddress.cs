using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>Where a contiguous tensor on the processor begins.</summary>
internal static class MemoryAddress
{
    /// <summary>Of a tensor that must be kept alive for as long as this is used.</summary>
    public static unsafe nint Of(Tensor tensor) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
}
