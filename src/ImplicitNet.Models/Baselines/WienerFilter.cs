using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Baselines;

/// <summary>
/// The linear filter <c>(A^T A + s I)^-1 A^T y</c>: of images and noise that are both white the one of least mean squared error, where s is
/// the variance of the noise over that of the images. Source: Wiener, "Extrapolation, interpolation, and smoothing of stationary time
/// series", 1949; for other A Tikhonov's regularisation.
/// </summary>
/// <remarks>One proximal map of A from zero, so that A must have one (<see cref="MeasurementOperator.HasProximal"/>).</remarks>
public sealed class WienerFilter : ClassicalRestoration
{
    /// <summary>Creates the filter.</summary>
    /// <param name="measurement">A; it must have a proximal map.</param>
    /// <exception cref="ArgumentException">It has none.</exception>
    public WienerFilter(MeasurementOperator measurement)
        : base(measurement)
    {
        if (!measurement.HasProximal)
        {
            throw new ArgumentException($"{measurement} has no proximal map, and so no such filter.", nameof(measurement));
        }
    }

    /// <inheritdoc/>
    public override string Name => "Wiener filter";

    /// <inheritdoc/>
    public override string StrengthName => "noise-to-signal ratio";

    /// <summary>
    /// Between 1e-6 and 10 for an A of norm 1; for others, between so many times the square of the bound of its norm.
    /// </summary>
    public override (double Least, double Most) Strengths => (1e-6 * SquaredNorm, 10 * SquaredNorm);

    /// <inheritdoc/>
    private protected override Tensor Compute(Tensor measurement, double strength)
    {
        Tensor zero = zeros_like(Measurement.Adjoint(measurement));
        return Measurement.Proximal(zero, measurement, tensor(1 / strength, measurement.dtype, measurement.device));
    }
}
