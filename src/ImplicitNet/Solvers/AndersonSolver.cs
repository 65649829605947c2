using ImplicitNet.Solvers.Anderson;
using ImplicitNet.Solvers.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// Anderson acceleration: <c>u &lt;- u + b f - (dU + b dF) gamma</c>, f = map(u) - u, with gamma from the last differences of
/// iterates and residuals, for every sample by itself.
/// </summary>
/// <remarks>
/// Costs one evaluation per step, and holds 2 Memory + 5 copies of u, in float32 for narrower latents. The steps do not depend on the units
/// of the problem: the sums of the small systems are float64 (on a device, of the dtype of the latents), in units of the first residual
/// where they would otherwise leave its range, and a difference that depends on newer ones up to its own rounding is left out. Anderson
/// (Journal of the ACM 1965); Walker and Ni (SIAM Journal on Numerical Analysis 2011).
/// <para>
/// A difference that leaves a short memory takes what it told with it. Where map is affine with a symmetric Jacobian, orthogonal ones
/// need only the two before them: with those a memory of 3 is as good as an endless one (Wei, Bao and Liu, ICLR 2022; conjugate residuals,
/// Stiefel 1955). So a new difference is made orthogonal to those held where it lies along no others than these two, to a thousandth of its
/// square (always with a memory of up to three), and stays as it is elsewhere: on the linear map of spectral radius 0.9 a memory of 5 then
/// needs 33 steps to 1e-9, not 86.
/// </para>
/// <para>
/// A step that raises a sample's residual past <see cref="SafeguardFactor"/> is taken back: an accelerated one is tried again at a share of
/// its length, and after <see cref="Retries"/> of these the sample forgets its history and makes the plain step <c>u + b f</c>, which is
/// shortened in the same way. A history that brings no tenth in twenty steps, as near a singular solution, is forgotten but for its newest
/// difference.
/// </para>
/// <para>
/// b is a sample's own: after a plain step s that changes f by y, with <c>||y|| &gt; 2 ||s||</c>, it is <c>||s|| / ||y||</c> (the geometric
/// mean of the two steps of Barzilai and Borwein, IMA Journal of Numerical Analysis 1988; for the first step of self-scaling methods Shanno
/// and Phua, Mathematical Programming 1978). A map that contracts in the L2 norm has <c>||y|| &lt; 2 ||s||</c> up to rounding, and
/// no step of Picard's raises its residual: there all this changes nothing.
/// </para>
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

    /// <summary>
    /// b, the share of the residual that is mixed in, or the most where a sample's own is less; in (0, 1]; default 1, dimensionless.
    /// </summary>
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
    /// The growth of the residual in a step beyond which it is taken back; at least 1; default 2, dimensionless.
    /// </summary>
    public double SafeguardFactor
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SafeguardFactor), value, "The safeguard factor must be at least 1.");
    } = 2;

    /// <summary>
    /// How often a step that is taken back is tried again shorter, and how many accelerated ones may be shortened before the history is
    /// forgotten; at least 0; default 3. With 0 the history is forgotten at once, and plain steps are not taken back. A trial is one step.
    /// </summary>
    public int Retries
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Retries), value, "The number of retries must be at least 0.");
    } = 3;

    /// <inheritdoc/>
    public override FixedPointIteration Start(FixedPointMap map, Tensor start) => Memory == 0
        ? new PicardSolver { Damping = Mixing }.Start(map, start)
        : new AndersonIteration(map, start, this);

    internal override FixedPointSolution Solve(SolveContext context) =>
        Memory == 0 ? new PicardSolver { Damping = Mixing }.Solve(context)
        : (SecantHistory.IsHeld(context.Start, this) ? DepthFirst.TrySolve(context, size => new AndersonSteps(this, size)) : null)
            ?? base.Solve(context);
}
