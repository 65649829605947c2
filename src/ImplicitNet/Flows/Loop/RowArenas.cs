using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>The arena for what a state is like.</summary>
internal static class RowArenas
{
    /// <summary>Blocks like a state, whose values are not set.</summary>
    /// <param name="like">[batch, ...], floating point.</param>
    /// <param name="blocks">How many.</param>
    /// <returns>The caller owns it.</returns>
    public static RowArena Like(Tensor like, int blocks) =>
        like.device_type == DeviceType.CPU && like.numel() > 0 && TensorMemory.Holds(like.numel(), like.dtype)
            ? like.dtype switch
            {
                ScalarType.Float32 => new HostArena<float>(like, blocks),
                ScalarType.Float64 => new HostArena<double>(like, blocks),
                _ => new TensorArena(like, blocks),
            }
            : new TensorArena(like, blocks);
}
