using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>
/// What a dtype can resolve and hold, and what follows from it: the dtype that sums are made in, the share of a quantity that is rounding,
/// default tolerances and margins. The one place that says so.
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
        SquareRange = (1e-120, 1e120),
        LargestExponent = 1000,
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
        SquareRange = (1e-9, 1e12),
        LargestExponent = 120,
    };

    private static readonly Precision Half = Single with { Epsilon = 9.765625e-4, Tolerance = 1e-2, Underflow = 2.98023223876953125e-8 };

    private static readonly Precision Brain = Half with { Epsilon = 7.8125e-3, Underflow = 0 };

    private Precision()
    {
    }

    /// <summary>Float64 for float64, float32 for all narrower ones: what residuals, histories and products are kept in.</summary>
    public required ScalarType Working { get; init; }

    /// <summary>The spacing of the dtype's numbers at 1.</summary>
    public required double Epsilon { get; init; }

    /// <summary>The largest relative error of a number that is rounded to the dtype: half of <see cref="Epsilon"/>.</summary>
    public double Roundoff => Epsilon / 2;

    /// <summary>
    /// The largest error of a number so small that the dtype underflows: half of its least number; 0 where its range is that of float32.
    /// </summary>
    public double Underflow { get; init; }

    /// <summary>
    /// The least number that the dtype rounds with a relative error of at most <see cref="Roundoff"/>; below it are those that underflow.
    /// </summary>
    public double LeastNormal => Underflow > 0 ? Math.ScaleB(Underflow, 11) : Working == ScalarType.Float64 ? 2.2250738585072014e-308
        : 1.1754943508222875e-38;

    /// <summary>
    /// The length of a difference quotient as a share of the point: the square root of <see cref="Epsilon"/>, where rounding and curvature
    /// weigh the same.
    /// </summary>
    public double DifferenceStep => Math.Sqrt(Epsilon);

    /// <summary>
    /// How far two values of one map may lie apart, as a share of their norm: 256 spacings at 1. Kernels with and without a graph differ by
    /// some roundings; what moves R by less moves its gradient by as little.
    /// </summary>
    public double SameValue => 256 * Epsilon;

    /// <summary>
    /// The share of the latent below which a residual is noise: rounding of the sums in it, or 8 spacings of the dtype of the latent.
    /// </summary>
    public double Noise => Math.Max(Rounding, 8 * Epsilon);

    /// <summary>
    /// How far <c>&lt;x, A y&gt;</c> and <c>&lt;A x, y&gt;</c> of a symmetric A may lie apart, as a share of the lengths of both products:
    /// rounding, with room for products of products. A solution is hardly changed by an asymmetry of that size.
    /// </summary>
    public double Asymmetry => Math.Max(100 * Rounding, 8 * Epsilon);

    /// <summary>
    /// The share of the right side below which no product makes a residual smaller: 8 spacings of the numbers of <see cref="Working"/>, as
    /// much as products with J and the sums of a solver have lost.
    /// </summary>
    public double LeastResidual => 8 * Of(Working).Epsilon;

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

    /// <summary>
    /// The norms whose squares, and those of what comes after them and is smaller by all that the dtype resolves, are within the range of
    /// <see cref="Working"/>.
    /// </summary>
    public required (double Least, double Most) SquareRange { get; init; }

    /// <summary>The largest exponent of a unit in which a norm outside of that range is held; its power of two has an inverse.</summary>
    public required int LargestExponent { get; init; }

    /// <summary>That of latents of a dtype.</summary>
    public static Precision Of(ScalarType dtype) => dtype switch
    {
        ScalarType.Float64 => Double,
        ScalarType.Float16 => Half,
        ScalarType.BFloat16 => Brain,
        _ => Single,
    };
}
