using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// A way to differentiate through a fixed point: attaches a solved latent to the autograd graph, so that a plain <c>loss.backward()</c>
/// reaches the parameters of R and everything that q depends on.
/// </summary>
/// <remarks>
/// The exact gradient of a loss with <c>g = dl/du*</c> solves <c>(I - J^T) w = g</c>, J = dR/du at u*, and sends w
/// through one application of R (implicit function theorem; Wu Fung et al., AAAI 2022, eq. 13-14). The strategies
/// differ in the w they use.
/// </remarks>
public abstract record FixedPointGradient
{
    /// <summary>A short name for tables and charts, such as "JFB" or "Neumann(3)"; by default the name of the type.</summary>
    protected internal virtual string Label => GetType().Name;

    /// <summary>Attaches a solution to the graph.</summary>
    /// <param name="map">
    /// The map that was solved, bound with its graph; used again here and, after it has been disposed, by the backward pass.
    /// </param>
    /// <param name="solution">What the solver found. The caller keeps it, and may dispose it before the backward pass.</param>
    /// <param name="report">Filled in by every backward pass; default: nothing is reported.</param>
    /// <returns>The latent in the graph: [batch, ...]. The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The map draws random numbers, or the gradient did not attach a latent.</exception>
    public Tensor Attach(FixedPointMap map, FixedPointSolution solution, GradientReport? report = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(solution);
        using Tensor before = get_rng_state();
        Tensor attached = TorchMessage.Guarded(() => Checked(map, solution, report ?? new GradientReport()));
        using Tensor after = get_rng_state();
        if (!before.bytes.SequenceEqual(after.bytes))
        {
            EnsureOneFunction(map, solution.Latent);
        }

        return attached;
    }

    /// <summary>Turns u* into a latent whose graph reaches what the map computes with, where gradients are enabled.</summary>
    /// <remarks>
    /// The next step of the iteration, <c>map.Evaluate(solution.Latent)</c>, is such a latent, and sends back JFB's gradient; so are
    /// several steps. To choose only the direction of the gradient, derive from <see cref="AdjointGradient"/>.
    /// </remarks>
    /// <param name="map">The map that was solved. The caller owns it, and may dispose it before the backward pass.</param>
    /// <param name="solution">What the solver found. The caller owns it.</param>
    /// <param name="report">Filled in by the library's own backward passes.</param>
    /// <returns>
    /// The latent in the graph: the shape, dtype and device of u*. The caller owns it; all else that is made here is released.
    /// </returns>
    protected abstract Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report);

    /// <summary>As <see cref="Attach"/>; checked where the library did not write the gradient.</summary>
    private Tensor Checked(FixedPointMap map, FixedPointSolution solution, GradientReport report)
    {
        if (GetType().Assembly == typeof(FixedPointGradient).Assembly)
        {
            return AttachCore(map, solution, report);
        }

        // A map that writes into its argument is kept away from u*, as the library's own gradients keep it.
        using DisposeScope scope = NewDisposeScope();
        Tensor attached = LatentContract.Like(
            AttachCore(new MeteredMap(map), solution, report), solution.Latent, GetType(), "latent", "u*");
        return (ReferenceEquals(attached, solution.Latent) ? attached.alias() : attached).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Refuses a map that is another function at every evaluation. Asked only where random numbers were drawn meanwhile, which may have
    /// been another thread's doing.
    /// </summary>
    private static void EnsureOneFunction(FixedPointMap map, Tensor latent)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        (Tensor first, Tensor second) = (LatentContract.EvaluateCopy(map, latent).to(ScalarType.Float64),
            LatentContract.EvaluateCopy(map, latent).to(ScalarType.Float64));
        Tensor size = first.abs().maximum(second.abs());
        if (((first - second).abs() > size * 0.01).any().ToBoolean())
        {
            throw new InvalidOperationException(
                "R draws random numbers: two evaluations at the same u differ (a functional dropout, perhaps), "
                + "so that neither a fixed point nor its gradient exists. "
                + "Draw the masks before the solve, and let the map use them.");
        }
    }
}
