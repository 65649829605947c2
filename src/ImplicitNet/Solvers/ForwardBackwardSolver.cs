using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Forward-backward splitting <c>u &lt;- prox_(alpha f)(u - alpha (F u - q))</c> of a <see cref="SplittingMap"/>: one product with W a
/// step, which also gives the residual of the map itself. Holds three copies of u.
/// </summary>
/// <remarks>
/// The distance to u* falls by <c>sqrt(1 - alpha m (2 - alpha / beta))</c> each step or faster, beta the map's
/// <see cref="SplittingMap.Cocoercivity"/>, since <c>||v - alpha F v||^2 = ||v||^2 - 2 alpha &lt;v, F v> + alpha^2 ||F v||^2 &lt;=
/// ||v||^2 - alpha (2 - alpha / beta) &lt;v, F v></c> and a proximal map moves no two points apart; by <c>sqrt(1 - beta m)</c> at the
/// default, which is <c>sqrt(1 - m^2 / L^2)</c> where nothing but m and L is known. Winston and Kolter, NeurIPS 2020; Ryu and Boyd, 2016.
/// With alpha = 1 it is <see cref="PicardSolver"/>.
/// </remarks>
public sealed record ForwardBackwardSolver : IterativeSolver
{
    /// <summary>
    /// The step, above 0 and below twice the <see cref="SplittingMap.Cocoercivity"/> of the map that is solved, dimensionless; null, the
    /// default, for the cocoercivity itself, which goes with the weights as they are trained.
    /// </summary>
    public double? Alpha
    {
        get;
        init => field = SplittingStep.Checked(value, nameof(Alpha));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The map is no <see cref="SplittingMap"/>, or alpha is too large for it.</exception>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(map);
        SplittingMap splitting = SplittingMap.Of(map, GetType());
        return new Iteration(map, splitting, start, SplittingStep.ForwardBackward(Alpha, splitting));
    }

    private sealed class Iteration(FixedPointMap map, SplittingMap splitting, Tensor start, double alpha)
        : SplittingIteration(map, splitting, start)
    {
        protected override Tensor Next(SplittingMap map, Tensor latent, Tensor affine) =>
            map.Activate(Forward(latent, affine, alpha), alpha);
    }
}
