using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// Steps as long as their error allows: the estimate of a step's error, over absolute + relative * max(|u|, |u+|) in every element, has a
/// root mean square of at most 1 over the sample.
/// </summary>
/// <remarks>
/// The next step is this one times <c>safety e_n^(-(P + I + D) / k) e_(n-1)^((P + 2 D) / k) e_(n-2)^(-D / k)</c>, e the ratio above and k
/// the order of the estimate plus 1 (Gustafsson 1991; Söderlind 2003). The first step is that of Hairer, Nørsett and Wanner (1993, II.4),
/// which costs one evaluation. All of that is each sample's own.
/// </remarks>
public sealed record PidController : StepController
{
    // Spacings of the dtype of the state.
    private const double LeastSpacings = 8;

    /// <summary>
    /// Relative tolerance, at least 8 spacings of the dtype; default: 1e-6 for float64, 1e-4 for float32, 8 spacings for narrower dtypes.
    /// </summary>
    public double? RelativeTolerance { get; init => field = Tolerance(value, nameof(RelativeTolerance)); }

    /// <summary>Absolute tolerance, in the units of the state; default: a thousandth of the relative one.</summary>
    public double? AbsoluteTolerance { get; init => field = Tolerance(value, nameof(AbsoluteTolerance)); }

    /// <summary>P, the weight of the error's change; default 0.2, as in Hairer's DOPRI5.</summary>
    public double Proportional { get; init => field = Finite(value, nameof(Proportional)); } = 0.2;

    /// <summary>I, the weight of the error itself; default 0.65, as in Hairer's DOPRI5. I = 1 with P = 0 is the classical rule.</summary>
    public double Integral { get; init => field = Finite(value, nameof(Integral)); } = 0.65;

    /// <summary>D, the weight of the change of that change; default 0.</summary>
    public double Derivative { get; init => field = Finite(value, nameof(Derivative)); }

    /// <summary>The share of the step that the error would allow; above 0, at most 1; default 0.9.</summary>
    public double Safety
    {
        get;
        init => field = value is > 0 and <= 1
            ? value : throw new ArgumentOutOfRangeException(nameof(Safety), value, "The safety factor must be above 0 and at most 1.");
    } = 0.9;

    /// <summary>What a step is multiplied by at least; above 0 and below 1; default 0.2.</summary>
    public double SmallestFactor
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SmallestFactor), value, "The smallest factor must be above 0 and below 1.");
    } = 0.2;

    /// <summary>What a step is multiplied by at most; above 1; default 10.</summary>
    public double LargestFactor
    {
        get;
        init => field = value is > 1 and < double.PositiveInfinity
            ? value : throw new ArgumentOutOfRangeException(nameof(LargestFactor), value, "The largest factor must be above 1 and finite.");
    } = 10;

    /// <summary>Length of every sample's first step; above 0; default: found from the field.</summary>
    public double? FirstStep
    {
        get;
        init => field = value is null or (> 0 and < double.PositiveInfinity)
            ? value : throw new ArgumentOutOfRangeException(nameof(FirstStep), value, "The first step must be above 0 and finite.");
    }

    /// <summary>Length of the longest step; above 0; default: no limit.</summary>
    public double LargestStep
    {
        get;
        init => field = value > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(LargestStep), value, "The largest step must be above 0.");
    } = double.PositiveInfinity;

    /// <summary>Both tolerances for states of a dtype.</summary>
    /// <exception cref="ArgumentException">The dtype does not resolve them, or both are 0.</exception>
    internal (double Relative, double Absolute) Tolerances(ScalarType dtype)
    {
        double least = LeastSpacings * Precision.Of(dtype).Epsilon;
        double relative = RelativeTolerance ?? (dtype == ScalarType.Float64 ? 1e-6 : Math.Max(1e-4, least));
        double absolute = AbsoluteTolerance ?? relative / 1000;
        return relative > 0 && relative < least
            ? throw new ArgumentException(
                $"A relative tolerance of {relative:g3} is below what {dtype} resolves. It must be 0 or at least {least:g2}.")
            : relative == 0 && absolute == 0 ? throw new ArgumentException("One of the two tolerances must be above 0.")
            : (relative, absolute);
    }

    /// <summary>The same with tolerances so many times tighter, as far as the dtype resolves them.</summary>
    internal PidController Tighter(double times, ScalarType dtype)
    {
        (double relative, double absolute) = Tolerances(dtype);
        double least = relative == 0 ? 0 : LeastSpacings * Precision.Of(dtype).Epsilon;
        return this with { RelativeTolerance = Math.Max(relative / times, least), AbsoluteTolerance = absolute / times };
    }

    private static double? Tolerance(double? value, string name) => value is null or (>= 0 and < double.PositiveInfinity)
        ? value : throw new ArgumentOutOfRangeException(name, value, "A tolerance must be at least 0 and finite.");

    private static double Finite(double value, string name) => double.IsFinite(value)
        ? value : throw new ArgumentOutOfRangeException(name, value, "A weight must be finite.");
}
