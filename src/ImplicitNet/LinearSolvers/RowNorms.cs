using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>The L2 norms of rows, whatever their size: no square over- or underflows.</summary>
internal static class RowNorms
{
    /// <summary>The norm of every row of [count, n]; NaN where one holds NaN or infinity; 0 for n = 0.</summary>
    public static double[] Of(Tensor rows)
    {
        if (rows.numel() == 0)
        {
            return new double[rows.shape[0]];
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor largest = rows.abs().amax([1], keepdim: true);
        Tensor scale = where(largest > 0, largest, ones_like(largest));
        Tensor norms = linalg.vector_norm(rows / scale, 2, [1], keepdim: true).to(ScalarType.Float64) * scale.to(ScalarType.Float64);
        return [.. norms.cpu().data<double>()];
    }
}
