using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A map <c>u -> prox_f(W u + q)</c> of which the parts are known: <c>F = I - W</c> is strongly monotone,
/// <c>&lt;v, F v> >= m ||v||^2</c>, and <c>||F|| &lt;= L</c>. Its fixed point is the one u with <c>0 in F u - q + df(u)</c>, which
/// <see cref="ForwardBackwardSolver"/> and <see cref="PeacemanRachfordSolver"/> find whether or not the map contracts.
/// </summary>
/// <remarks>
/// With the residual <c>r = R(u) - u</c>, R(u) is the fixed point for <c>q - W r</c> in place of q, which moves it by at most
/// <c>||W r|| / m</c>: u is within <c>1 + (1 + L) / m</c> times its residual of u*, which reports state.
/// <para>
/// Winston and Kolter, NeurIPS 2020. A <see cref="Operators.MonotoneOperator"/> makes such maps; derive from this for a splitting of your
/// own. No member may write into what it is given.
/// </para>
/// </remarks>
public abstract class SplittingMap : FixedPointMap
{
    /// <summary>Creates a map with these inputs and constants.</summary>
    /// <param name="inputs">The tensors, other than u, that it computes with. The map owns them from now on.</param>
    /// <param name="monotonicity">m, above 0.</param>
    /// <param name="lipschitzBound">L, at least the norm of F; NaN where the weights are not finite.</param>
    /// <param name="cocoercivity">
    /// beta, with <c>&lt;v, F v> >= beta ||F v||^2</c> for every v, where more is known than <c>m / L^2</c>, the default, which always
    /// holds.
    /// </param>
    protected SplittingMap(MapInputs inputs, double monotonicity, double lipschitzBound, double cocoercivity = 0)
        : base(inputs)
    {
        if (monotonicity is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(
                nameof(monotonicity), monotonicity, "The monotonicity of a splitting must be above 0 and finite.");
        }

        Monotonicity = monotonicity;
        LipschitzBound = Math.Max(lipschitzBound, monotonicity);
        Cocoercivity = Math.Max(cocoercivity, Monotonicity / LipschitzBound / LipschitzBound);
        double perResidual = 1 + ((1 + LipschitzBound) / monotonicity);
        ErrorBound = double.IsFinite(perResidual) ? new ErrorBound(perResidual, ResidualNorm.L2) : null;
    }

    /// <summary>m: <c>&lt;v, F v> >= m ||v||^2</c> for every v; above 0, dimensionless.</summary>
    public double Monotonicity { get; }

    /// <summary>L: <c>||F v|| &lt;= L ||v||</c> for every v; at least m, dimensionless.</summary>
    public double LipschitzBound { get; }

    /// <summary>beta: <c>&lt;v, F v> >= beta ||F v||^2</c> for every v; at least <c>m / L^2</c>, dimensionless.</summary>
    public double Cocoercivity { get; }

    /// <inheritdoc/>
    public sealed override bool IsPerSample => true;

    /// <summary>What resolvents have cost so far beside their one call each: products with W, counted once for every sample.</summary>
    internal virtual long InnerProducts => 0;

    /// <inheritdoc/>
    public sealed override Tensor Evaluate(Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(latent);
        return LatentContract.Guarded(this, latent, static (map, latent) =>
        {
            using DisposeScope scope = NewDisposeScope();
            return map.Activate(map.Affine(latent), 1).MoveToOuterDisposeScope();
        });
    }

    /// <summary><c>W u + q</c>, in the graph where gradients are enabled.</summary>
    /// <param name="latent">u: [batch, ...].</param>
    /// <returns>A new tensor in the shape of u. The caller owns it.</returns>
    public abstract Tensor Affine(Tensor latent);

    /// <summary>The resolvent of the affine part: <c>(I + alpha F)^-1 (point + alpha q)</c>. Called without gradients.</summary>
    /// <param name="point">[batch, ...].</param>
    /// <param name="alpha">Above 0, dimensionless.</param>
    /// <returns>A new tensor in the shape of the point. The caller owns it.</returns>
    public abstract Tensor Resolvent(Tensor point, double alpha);

    /// <summary>
    /// The proximal map <c>prox_(alpha f)(x)</c>: the activation itself at alpha = 1, where it is in the graph when gradients are enabled.
    /// </summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="alpha">Above 0, dimensionless.</param>
    /// <returns>A new tensor in the shape of x. The caller owns it.</returns>
    public abstract Tensor Activate(Tensor x, double alpha);

    /// <summary>
    /// The linear map <c>z -> D (W z + shift)</c>, or with the transpose of W, where D is the derivative of the activation at
    /// <c>W u + q</c>: a splitting with the same m and L, by which <see cref="SplittingLinearSolver"/> solves with <c>I - J</c>,
    /// <c>J = D W</c>, and its transpose.
    /// </summary>
    /// <param name="latent">u: [batch, ...].</param>
    /// <param name="shift">[batch, ...].</param>
    /// <param name="isTransposed">Whether it is that with the transpose of W.</param>
    /// <returns>A map, which may not outlive this one. The caller owns it.</returns>
    public abstract SplittingMap Derivative(Tensor latent, Tensor shift, bool isTransposed);

    /// <summary>The splitting behind a map; null of any other map.</summary>
    internal static SplittingMap? Behind(FixedPointMap map) => (map is MeteredMap metered ? metered.Given : map) as SplittingMap;

    /// <summary>The splitting behind a map, for a solver that needs one.</summary>
    /// <exception cref="ArgumentException">The map is none.</exception>
    internal static SplittingMap Of(FixedPointMap map, Type solver) => Behind(map)
        ?? throw new ArgumentException(
            $"{solver.Name} needs a {nameof(SplittingMap)}, such as that of a MonotoneOperator: a map whose affine part and activation are "
                + $"known. It was given another map; {nameof(PicardSolver)} and {nameof(AndersonSolver)} take any.",
            nameof(map));
}
