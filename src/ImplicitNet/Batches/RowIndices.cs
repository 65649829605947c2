using static TorchSharp.torch;

namespace ImplicitNet.Batches;

/// <summary>Positions of rows as torch takes them.</summary>
internal static class RowIndices
{
    /// <summary>[count], int64.</summary>
    public static Tensor Of(IReadOnlyList<int> positions, Device device) =>
        tensor(positions.Select(position => (long)position).ToArray(), device: device);
}
