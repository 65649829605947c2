using ImplicitNet.Solvers.Anderson;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Anderson acceleration: <c>u &lt;- u + b f - (dU + b dF) gamma</c>, f = map(u) - u, with gamma from the last differences of
/// iterates and residuals, for every sample by itself.
/// </summary>
/// <remarks>
/// One evaluation a step; 2 memory + 5 copies of u held, in float32 for narrower latents. The steps do not depend on the units of the
/// problem: the sums of the small systems are float64 (on a device those of its latents), in units of the first residual where they would
/// leave the range of that, and a difference that depends on newer ones to within its own rounding is left out. An accelerated step that
/// raises a sample's residual past <see cref="SafeguardFactor"/> is taken back: that sample makes the damped Picard
/// step instead and forgets its history. Anderson (Journal of the ACM 1965); Walker and Ni (SIAM Journal on
/// Numerical Analysis 2011).
/// </remarks>
public sealed record AndersonSolver : IterativeSolver
{
    /// <summary>Differences kept; 0 to 50; default 5. With 0 it is <see cref="PicardSolver"/> exactly.</summary>
    public int Memory
    {
        get;
        init => field = value is >= 0 and <= 50
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Memory), value, "The memory must be 0 to 50.");
    } = 5;

    /// <summary>b, the share of the residual that is mixed in, in (0, 1]; default 1, dimensionless.</summary>
    public double Mixing
    {
        get;
        init => field = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Mixing), value, "The mixing must be in (0, 1].");
    } = 1;

    /// <summary>Which secant condition; default <see cref="AndersonVariant.TypeTwo"/>.</summary>
    public AndersonVariant Variant
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Variant));
    } = AndersonVariant.TypeTwo;

    /// <summary>
    /// Growth of the residual in one accelerated step beyond which it is taken back; at least 1; default 2, dimensionless.
    /// </summary>
    public double SafeguardFactor
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SafeguardFactor), value, "The safeguard factor must be at least 1.");
    } = 2;

    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) => Memory == 0
        ? new PicardSolver { Damping = Mixing }.Start(map, start)
        : new AndersonIteration(map, start, this);
}
