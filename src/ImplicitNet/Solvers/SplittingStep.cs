using System.Globalization;

namespace ImplicitNet.Solvers;

/// <summary>The step alpha of a splitting.</summary>
internal static class SplittingStep
{
    // Far from where a product with a step is lost; below it is what the bounds of weights beyond 1e150 come to.
    private const double Least = 1e-300;

    /// <summary>Refuses a step that no map allows.</summary>
    public static double? Checked(double? alpha, string name) => alpha is null or (> 0 and < double.PositiveInfinity)
        ? alpha
        : throw new ArgumentOutOfRangeException(name, alpha, "The step alpha of a splitting must be above 0 and finite.");

    /// <summary>The step of Peaceman-Rachford splitting on a map: the one given, or <c>sqrt(beta / m)</c>.</summary>
    public static double PeacemanRachford(double? alpha, SplittingMap map) =>
        alpha ?? Usable(Math.Sqrt(map.Cocoercivity / map.Monotonicity));

    /// <summary>The step of forward-backward splitting on a map: the one given where that is small enough, or beta.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is too large for the map.</exception>
    public static double ForwardBackward(double? alpha, SplittingMap map)
    {
        double most = 2 * map.Cocoercivity;
        return alpha is not { } given ? Usable(map.Cocoercivity)
            : !(given >= most) ? given
            : throw new ArgumentOutOfRangeException(
                nameof(alpha),
                alpha,
                string.Create(CultureInfo.InvariantCulture,
                    $"Forward-backward splitting converges for alpha below 2 beta = {most:g4}, beta the cocoercivity of the map, at least "
                        + $"m / L^2 by its bounds m = {map.Monotonicity:g4} and L = {map.LipschitzBound:g4}. Lower it, or leave it out: "
                        + $"the default follows the weights."));
    }

    /// <summary>
    /// Weights that are not finite bound nothing: by any step the first product shows what they are, and the samples end as not finite.
    /// </summary>
    private static double Usable(double alpha) => double.IsNaN(alpha) ? 1 : Math.Clamp(alpha, Least, 1 / Least);
}
