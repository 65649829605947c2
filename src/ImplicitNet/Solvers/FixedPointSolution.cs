using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The latents that a solve found, and how it went. Dispose it when the latents are no longer needed.</summary>
public sealed class FixedPointSolution : IDisposable
{
    internal FixedPointSolution(Tensor latent, SolveReport report, LowRankInverse? inverse = null)
    {
        Latent = latent;
        Report = report;
        Inverse = inverse;
    }

    /// <summary>
    /// <c>u*</c>: [batch, ...], detached from any graph. For every sample it is the iterate whose residual the report gives: the one that
    /// met the tolerance, or else the best finite one. Owned by this solution.
    /// </summary>
    public Tensor Latent { get; }

    /// <summary>How the solve went.</summary>
    public SolveReport Report { get; }

    /// <summary>
    /// What the solver learned of <c>(I - J)^-1</c>, if it was asked to keep that (<see cref="BroydenSolver.KeepInverse"/>) and took a
    /// step; otherwise null. Owned by this solution.
    /// </summary>
    public LowRankInverse? Inverse { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Latent.Dispose();
        Inverse?.Dispose();
    }
}
