using ImplicitNet.Gradients;
using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>
/// How a layer finds its fixed points, how it differentiates through them, and what it does where it finds none: one value, which a single
/// call can replace without changing the layer. Two are equal if all their parts are.
/// </summary>
public sealed record SolveSettings
{
    /// <summary>How fixed points are found; default <see cref="PicardSolver"/>.</summary>
    public FixedPointSolver Solver
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Solver));
    } = new PicardSolver();

    /// <summary>When a sample is finished; default: tolerances by dtype, 100 steps.</summary>
    public StoppingRule Stopping
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Stopping));
    } = new StoppingRule();

    /// <summary>How gradients pass through the fixed point; default <see cref="JacobianFreeGradient"/>.</summary>
    public FixedPointGradient Gradient
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Gradient));
    } = new JacobianFreeGradient();

    /// <summary>What is done about samples that did not converge; default <see cref="ThrowOnFailure"/>.</summary>
    public FailurePolicy OnFailure
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(OnFailure));
    } = new ThrowOnFailure();
}
