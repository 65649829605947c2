using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The latents that a solve found, and how well. Dispose it when the latents are no longer needed.</summary>
public sealed class FixedPointSolution : IDisposable
{
    internal FixedPointSolution(Tensor latent, SolveReport report)
    {
        Latent = latent;
        Report = report;
    }

    /// <summary>
    /// <c>u*</c>: [batch, ...], detached from any graph. For every sample the iterate whose residual the report gives:
    /// the one that met the tolerance, else the best finite one. Owned by this solution.
    /// </summary>
    public Tensor Latent { get; }

    /// <summary>How the solve went.</summary>
    public SolveReport Report { get; }

    /// <inheritdoc/>
    public void Dispose() => Latent.Dispose();
}
