using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>What is rounding, and no number, in a sum of many products.</summary>
internal static class Rounding
{
    // 45 and 8 times the spacing of the numbers at 1.
    private const double OfDouble = 1e-14;
    private const double OfSingle = 1e-6;

    /// <summary>The share of a quantity below which a difference says nothing.</summary>
    public static double Of(ScalarType dtype) => dtype == ScalarType.Float64 ? OfDouble : OfSingle;
}
