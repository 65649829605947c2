using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>Bounds of norms at any scale: what would overflow when it is squared is divided first.</summary>
internal static class ScaledBound
{
    // Covers the rounding of a bound in float32, about 1e-6.
    private const double RoundingMargin = 1 + 1e-5;

    /// <summary>A bound that scales with the weight, in plain arithmetic; NaN when an element is not finite.</summary>
    /// <param name="weight">Float32 or float64, without a graph.</param>
    /// <param name="bound">[1], of a weight whose largest element is 1.</param>
    public static double Of(Tensor weight, Func<Tensor, Tensor> bound)
    {
        double largest = weight.abs().max().ToDouble();
        return largest == 0 ? 0
            : double.IsFinite(largest) ? bound(weight / largest).ToDouble() * largest * RoundingMargin
            : double.NaN;
    }
}
