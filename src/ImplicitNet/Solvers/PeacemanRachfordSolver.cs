using ImplicitNet.Batches;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Peaceman-Rachford splitting of a <see cref="SplittingMap"/>: reflections at the resolvents of f and of F in turn. A step costs one
/// resolvent, and one product with W for the residual of the map itself. Holds five copies of u.
/// </summary>
/// <remarks>
/// With <c>u = prox_(alpha f)(z)</c>: <c>h = (I + alpha F)^-1 (2 u - z + alpha q)</c>, <c>z &lt;- z + 2 (h - u)</c>. It converges for
/// every alpha above 0. With <c>h = (I + alpha F)^-1 v</c> the reflection of v is <c>h - alpha F h</c>, and
/// <c>||h - alpha F h||^2 / ||h + alpha F h||^2 = 1 - 4 alpha &lt;h, F h> / (||h||^2 + 2 alpha &lt;h, F h> + alpha^2 ||F h||^2)</c>, so
/// that the distance of z to its limit falls by <c>sqrt(1 - 4 alpha m / (1 + 2 alpha m + alpha^2 m / beta))</c> each step or faster, beta
/// the map's <see cref="SplittingMap.Cocoercivity"/>. The best alpha for that bound is <c>1 / l</c> with <c>l = sqrt(m / beta)</c>, at most
/// L, which gives <c>sqrt((l - m) / (l + m))</c>: fewer steps than forward-backward splitting by a factor of about l / m. Lions and
/// Mercier, 1979; Winston and Kolter, NeurIPS 2020. The first step is one of forward-backward splitting, so that a solve that begins at its
/// fixed point ends there.
/// </remarks>
public sealed record PeacemanRachfordSolver : IterativeSolver
{
    /// <summary>The step, above 0, dimensionless; null, the default, for <c>sqrt(beta / m)</c> of the map.</summary>
    public double? Alpha
    {
        get;
        init => field = SplittingStep.Checked(value, nameof(Alpha));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The map is no <see cref="SplittingMap"/>.</exception>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(map);
        SplittingMap splitting = SplittingMap.Of(map, GetType());
        return new Iteration(map, splitting, start, SplittingStep.PeacemanRachford(Alpha, splitting));
    }

    private sealed class Iteration(FixedPointMap map, SplittingMap splitting, Tensor start, double alpha)
        : SplittingIteration(map, splitting, start)
    {
        // z; null before the first step.
        private Tensor? _reflected;

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            base.Restrict(map, samples);
            Keep(_reflected is null ? null : LatentLayout.SelectRows(_reflected, samples));
        }

        public override void Dispose()
        {
            base.Dispose();
            _reflected?.Dispose();
        }

        protected override Tensor Next(SplittingMap map, Tensor latent, Tensor affine)
        {
            Tensor reflected = _reflected is null ? Forward(latent, affine, alpha) : Reflected(map, latent, _reflected);
            Keep(reflected);
            return map.Activate(reflected, alpha);
        }

        private Tensor Reflected(SplittingMap map, Tensor latent, Tensor reflected)
        {
            Tensor point = latent.mul(2).sub_(reflected);
            Tensor half = LatentContract.Mapped(map.Resolvent(point, alpha), latent);
            return half.mul(2).sub_(point);
        }

        private void Keep(Tensor? reflected)
        {
            _reflected?.Dispose();
            _reflected = reflected?.DetachFromDisposeScope();
        }
    }
}
