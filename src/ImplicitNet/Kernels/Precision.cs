using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// What a dtype can resolve, and what follows from it: the dtype that sums are made in, the share of a quantity that is rounding, default
/// tolerances and margins. The one place that says so.
/// </summary>
internal sealed record Precision
{
    private static readonly Precision Double = new()
    {
        Working = ScalarType.Float64,
        Epsilon = 2.220446049250313e-16,
        Rounding = 1e-14,
        Tolerance = 1e-8,
        LinearTolerance = 1e-10,
        ReferenceTolerance = 1e-12,
        Dependence = 1e-13,
        SumDependence = 1e-13,
    };

    private static readonly Precision Single = new()
    {
        Working = ScalarType.Float32,
        Epsilon = 1.1920928955078125e-7,
        Rounding = 1e-6,
        Tolerance = 1e-4,
        LinearTolerance = 1e-5,
        ReferenceTolerance = 1e-6,
        Dependence = 1e-5,
        SumDependence = 1e-10,
    };

    private static readonly Precision Half = Single with { Epsilon = 9.765625e-4, Tolerance = 1e-2 };

    private static readonly Precision Brain = Half with { Epsilon = 7.8125e-3 };

    private Precision()
    {
    }

    /// <summary>Float64 for float64, float32 for all narrower ones: what residuals, histories and products are kept in.</summary>
    public required ScalarType Working { get; init; }

    /// <summary>The spacing of the dtype's numbers at 1.</summary>
    public required double Epsilon { get; init; }

    /// <summary>
    /// The share of a sum of many products in <see cref="Working"/> that says nothing: 45 and 8 times the spacing of its numbers at 1.
    /// </summary>
    public required double Rounding { get; init; }

    /// <summary>The default relative tolerance of a fixed point; the absolute one is a thousandth of it.</summary>
    public required double Tolerance { get; init; }

    /// <summary>The default relative tolerance of an adjoint solve.</summary>
    public required double LinearTolerance { get; init; }

    /// <summary>That of an adjoint solve which others are measured by.</summary>
    public required double ReferenceTolerance { get; init; }

    /// <summary>
    /// What is left of the square of a difference that depends on others, as a share of it, when the products are summed in
    /// <see cref="Working"/>: some hundred units of their rounding.
    /// </summary>
    public required double Dependence { get; init; }

    /// <summary>The same where the products are summed in float64: what is left is the square of the differences' own rounding.</summary>
    public required double SumDependence { get; init; }

    /// <summary>That of latents of a dtype.</summary>
    public static Precision Of(ScalarType dtype) => dtype switch
    {
        ScalarType.Float64 => Double,
        ScalarType.Float16 => Half,
        ScalarType.BFloat16 => Brain,
        _ => Single,
    };
}
