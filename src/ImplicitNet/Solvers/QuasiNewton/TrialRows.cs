using ImplicitNet.Batches;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.QuasiNewton;

/// <summary>Candidates for the next iterate of some samples, and what the map makes of them.</summary>
/// <param name="latent">u: [count, n].</param>
/// <param name="residual">map(u) - u: [count, n].</param>
/// <param name="norms">The L2 norm of every row of the residual; NaN or infinite where the map failed.</param>
internal readonly struct TrialRows(Tensor latent, Tensor residual, double[] norms)
{
    public Tensor Latent { get; } = latent;

    public Tensor Residual { get; } = residual;

    public double[] Norms { get; } = norms;

    /// <summary>Puts some rows of another trial in place of rows of this one.</summary>
    /// <param name="other">A trial of fewer rows.</param>
    /// <param name="from">Rows of <paramref name="other"/>.</param>
    /// <param name="to">Where each belongs here.</param>
    public void Replace(TrialRows other, IReadOnlyList<int> from, IReadOnlyList<int> to)
    {
        if (from.Count == 0)
        {
            return;
        }

        Tensor source = RowIndices.Of(from, Latent.device);
        Tensor target = RowIndices.Of(to, Latent.device);
        Latent.index_copy_(0, target, other.Latent.index_select(0, source));
        Residual.index_copy_(0, target, other.Residual.index_select(0, source));
        for (int i = 0; i < from.Count; i++)
        {
            Norms[to[i]] = other.Norms[from[i]];
        }
    }
}
