using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// When a sample is finished: it converges where <c>||map(u) - u|| &lt;= AbsoluteTolerance + RelativeTolerance ||u||</c>, and fails by the
/// other limits.
/// </summary>
/// <remarks>
/// With neither tolerance given, both follow the dtype: relative 1e-4 (float32), 1e-8 (float64), 1e-2 (float16 and
/// bfloat16), absolute a thousandth of that. With one given, the other is 0. A residual or norm that is not finite
/// never passes.
/// <para>
/// The residual must also be at most half of the residual at the start, unless the start met the tolerance itself: as u runs away, any
/// residual becomes a small share of it. <see cref="SampleReport.Passed"/> says which part of the tolerance was met.
/// </para>
/// </remarks>
public sealed record StoppingRule
{
    /// <summary>The tolerance in the units of the latent; at least 0 and finite; by default it follows the dtype.</summary>
    public double? AbsoluteTolerance
    {
        get;
        init => field = value is null or (>= 0 and < double.PositiveInfinity)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(AbsoluteTolerance), value, "The absolute tolerance must be a finite number of at least 0.");
    }

    /// <summary>The tolerance as a share of <c>||u||</c>, dimensionless; in [0, 1); by default it follows the dtype.</summary>
    public double? RelativeTolerance
    {
        get;
        init => field = value is null or (>= 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeTolerance), value, "The relative tolerance must be in [0, 1).");
    }

    /// <summary>The number of steps after which a sample is given up; at least 1; default 100.</summary>
    public int MaxSteps
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxSteps), value, "The step limit must be at least 1.");
    } = 100;

    /// <summary>The norm of residual and latent; default <see cref="ResidualNorm.L2"/>.</summary>
    public ResidualNorm Norm
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Norm));
    } = ResidualNorm.L2;

    /// <summary>What the residual is compared with; default <see cref="ResidualScale.PerSample"/>.</summary>
    public ResidualScale Scale
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Scale));
    } = ResidualScale.PerSample;

    /// <summary>
    /// The number of steps in which the best residual of a sample must fall by 0.1 %; at least 1; default 50. Otherwise the sample is
    /// stalled, or has diverged if its residual is ten times the best one by then. A residual that falls steadily, however slowly, or whose
    /// growth slows down, as in a transient, or is not yet tenfold, is given twice as many steps again. <see cref="Stall"/> says what else
    /// counts as progress.
    /// </summary>
    public int Patience
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Patience), value, "The patience must be at least 1.");
    } = 50;

    /// <summary>
    /// What counts as progress within the patience; default <see cref="Stall.Residual"/>. <see cref="LatentStall"/> is for fronts.
    /// </summary>
    public Stall Stall
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Stall));
    } = Stall.Residual;

    /// <summary>Which iterate is returned for a sample that does not converge; default <see cref="ReturnedIterate.Best"/>.</summary>
    public ReturnedIterate Returned
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Returned));
    } = ReturnedIterate.Best;

    /// <summary>
    /// The factor by which a residual must exceed the best one for divergence; above 1; default 1e5, dimensionless. The sample has diverged
    /// if its residual then goes on growing at that rate for ten steps, or overflows.
    /// </summary>
    public double DivergenceFactor
    {
        get;
        init => field = value > 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(DivergenceFactor), value, "The divergence factor must be above 1.");
    } = 1e5;

    /// <summary>The tolerances in force for latents of a dtype.</summary>
    internal (double Absolute, double Relative) Resolve(ScalarType dtype)
    {
        if (AbsoluteTolerance is null && RelativeTolerance is null)
        {
            double relative = Precision.Of(dtype).Tolerance;
            return (relative / 1000, relative);
        }

        return (AbsoluteTolerance ?? 0, RelativeTolerance ?? 0);
    }
}
