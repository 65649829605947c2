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
    /// <param name="counted">Numbers of a row that norms are of, the first ones; null: all.</param>
    /// <returns>The caller owns it.</returns>
    public static RowArena Like(Tensor like, int blocks, int? counted = null) =>
        like.device_type == DeviceType.CPU && like.numel() > 0 && TensorMemory.Holds(like.numel(), like.dtype)
            ? like.dtype switch
            {
                ScalarType.Float32 => new HostArena<float>(like, blocks, counted),
                ScalarType.Float64 => new HostArena<double>(like, blocks, counted),
                _ => new TensorArena(like, blocks, counted),
            }
            : new TensorArena(like, blocks, counted);
}
