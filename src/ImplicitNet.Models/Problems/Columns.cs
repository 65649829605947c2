using static TorchSharp.torch;

namespace ImplicitNet.Models.Problems;

/// <summary>The columns of latents that are vectors, [batch, n].</summary>
internal static class Columns
{
    /// <summary>As n tensors [batch].</summary>
    public static Tensor[] Of(Tensor u) => [.. Enumerable.Range(0, (int)u.shape[1]).Select(i => u.select(1, i))];

    /// <summary>Each column replaced by its neighbour so many to the right (or left, when negative), zero beyond the ends.</summary>
    public static Tensor Shifted(Tensor u, int by)
    {
        Tensor edge = zeros([u.shape[0], Math.Abs(by)], dtype: u.dtype, device: u.device);
        long n = u.shape[1];
        return by < 0 ? cat([edge, u.slice(1, 0, n + by, 1)], 1) : cat([u.slice(1, by, n, 1), edge], 1);
    }
}
