using ImplicitNet.Measurements;
using static TorchSharp.torch;

namespace ImplicitNet.Models.Baselines;

/// <summary>
/// What tomographs compute: each direction's integrals are filtered by the absolute value of their frequency, and then smeared back along
/// the lines they belong to. High frequencies, which hold little but noise, are faded out by a window of von Hann.
/// </summary>
/// <remarks>
/// The filter is that of Ramachandran and Lakshminarayanan, "Three-dimensional reconstruction from radiographs and electron micrographs",
/// 1971, in space: 1/4 in the middle, -1 / (pi n)^2 at odd n, 0 at even n. Of few directions much is left of the lines.
/// </remarks>
public sealed class FilteredBackprojection : ClassicalRestoration
{
    /// <summary>Creates the method.</summary>
    /// <param name="measurement">The line integrals.</param>
    public FilteredBackprojection(RadonTransform measurement)
        : base(measurement)
    {
    }

    /// <inheritdoc/>
    public override string Name => "back-projection";

    /// <summary>
    /// The frequency at which the window ends, over the largest that detectors can tell; above 1 it does not end before that.
    /// </summary>
    public override string StrengthName => "cut-off frequency";

    /// <inheritdoc/>
    public override (double Least, double Most) Strengths => (0.05, 10);

    /// <inheritdoc/>
    private protected override Tensor Compute(Tensor measurement, double strength)
    {
        long angles = measurement.shape[2], detectors = measurement.shape[3], length = 2 * detectors;
        double[] ramp = new double[length];
        ramp[0] = 0.25;
        for (long place = 1; place < detectors; place += 2)
        {
            ramp[place] = ramp[length - place] = -1 / Math.Pow(Math.PI * place, 2);
        }

        // Frequencies from 0 to the largest, 1.
        Tensor frequencies = linspace(0, 1, detectors + 1, dtype: ScalarType.Float64) / strength;
        Tensor window = (0.5 * (1 + (Math.PI * frequencies).cos())).masked_fill(frequencies > 1, 0);
        Tensor filter = (fft.rfft(tensor(ramp)).real * window).to(measurement.dtype).to(measurement.device);
        Tensor filtered = fft.irfft(fft.rfft(measurement, length) * filter, length).narrow(3, 0, detectors).contiguous();
        return Measurement.Adjoint(filtered) * (Math.PI / angles);
    }
}
