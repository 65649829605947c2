using ImplicitNet.Batches;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Fixed-point iteration <c>u &lt;- u + damping (map(u) - u)</c>: costs one evaluation per step, and holds three copies of u.
/// </summary>
/// <remarks>
/// Converges from any start when the map is a contraction in u, by a factor gamma each step (Banach, 1922; Algorithm 1
/// of Wu Fung et al., AAAI 2022). Damping below 1 also reaches some maps that overshoot: for a symmetric Jacobian with
/// eigenvalues in (-a, 1) it converges when <c>damping &lt; 2 / (1 + a)</c>.
/// </remarks>
public sealed record PicardSolver : IterativeSolver
{
    /// <summary>Share of the full step that is taken, in (0, 1]; default 1, dimensionless.</summary>
    public double Damping
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Damping), value, "Damping must be in (0, 1].");
    } = 1;

    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) => new Iteration(map, start, Damping);

    internal override FixedPointSolution Solve(SolveContext context) =>
        (Damping == 1 ? DepthFirst.TrySolve(context) : null) ?? base.Solve(context);

    private sealed class Iteration(FixedPointMap map, Tensor start, double damping) : FixedPointIteration
    {
        private FixedPointMap _map = map;
        private Tensor _latent = start.alias().DetachFromDisposeScope();

        public override FixedPointStep Step()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor latent = _latent;
            Tensor mapped = _map.Evaluate(latent);
            if (damping == 1)
            {
                _latent = mapped.DetachFromDisposeScope();
                return FixedPointStep.OfMapped(latent, mapped.alias().DetachFromDisposeScope());
            }

            Tensor residual = mapped - latent;
            _latent = latent.add(residual, alpha: damping).DetachFromDisposeScope();
            return new FixedPointStep(latent, residual.DetachFromDisposeScope());
        }

        public override void Restrict(FixedPointMap map, Tensor samples)
        {
            Tensor rows = LatentLayout.SelectRows(_latent, samples).DetachFromDisposeScope();
            _latent.Dispose();
            _latent = rows;
            _map = map;
        }

        public override void Dispose() => _latent.Dispose();
    }
}
