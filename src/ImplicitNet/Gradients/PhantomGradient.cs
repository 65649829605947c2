using System.Globalization;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// Phantom gradient: from u*, held constant, a few damped steps <c>u &lt;- Damping R(u, q) + (1 - Damping) u</c> in the graph.
/// </summary>
/// <remarks>
/// Unrolled form of Geng, Zhang, Bai, Wang and Lin (NeurIPS 2021). One undamped step is JFB. Costs Steps evaluations with their graphs, in
/// memory too. The value of the latent is the one after the steps, closer to the fixed point than u*. A second derivative is that of these
/// steps with u* constant: correct for what is computed, not for the network.
/// </remarks>
public sealed record PhantomGradient : FixedPointGradient
{
    /// <summary>Steps in the graph, k; at least 1; default 5.</summary>
    public int Steps
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Steps), value,
            "A phantom gradient needs at least 1 step.");
    } = 5;

    /// <summary>Share of the full step, tau; in (0, 1]; default 0.5, dimensionless.</summary>
    public double Damping
    {
        get;
        init => field = value is > 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Damping), value,
            "Damping must be in (0, 1].");
    } = 0.5;

    /// <inheritdoc/>
    protected internal override string Label => string.Create(CultureInfo.InvariantCulture, $"phantom({Steps})");

    /// <inheritdoc/>
    protected override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor latent = solution.Latent;
        for (int step = 0; step < Steps; step++)
        {
            Tensor mapped = LatentContract.EvaluateCopy(map, latent);
            latent = Damping == 1 ? mapped : (mapped * Damping) + (latent * (1 - Damping));
        }

        return latent.MoveToOuterDisposeScope();
    }
}
