using ImplicitNet.Solvers.Anderson;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Anderson acceleration: <c>u &lt;- u + b f - (dU + b dF) gamma</c>, f = map(u) - u, with gamma from the last differences of
/// iterates and residuals, for every sample by itself.
/// </summary>
/// <remarks>
/// Costs one evaluation per step, and holds 2 Memory + 5 copies of u, in float32 for narrower latents. The steps do not depend on the units
/// of the problem: the sums of the small systems are float64 (on a device, of the dtype of the latents), in units of the first residual
/// where they would otherwise leave its range, and a difference that depends on newer ones up to its own rounding is left out. An
/// accelerated step that raises a sample's residual past <see cref="SafeguardFactor"/> is undone: that sample makes the damped Picard step
/// instead and forgets its history. Anderson (Journal of the ACM 1965); Walker and Ni (SIAM Journal on Numerical Analysis 2011).
/// </remarks>
public sealed record AndersonSolver : IterativeSolver
{
    /// <summary>The number of differences kept; 0 to 50; default 5. With 0 the solver is exactly <see cref="PicardSolver"/>.</summary>
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

    /// <summary>The secant condition; default <see cref="AndersonVariant.TypeTwo"/>.</summary>
    public AndersonVariant Variant
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Variant));
    } = AndersonVariant.TypeTwo;

    /// <summary>
    /// The growth of the residual beyond which an accelerated step is undone; at least 1; default 2, dimensionless.
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
