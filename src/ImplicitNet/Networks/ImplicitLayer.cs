using ImplicitNet.Gradients;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A layer whose output is a fixed point: takes q, returns <c>u* = R(u*, q)</c>. Put it into any model.
/// </summary>
/// <remarks>
/// With gradients enabled the output is attached to the graph by <see cref="Gradient"/>, in training and evaluation mode
/// alike; without, it is u* itself and nothing more is computed. Memory of training does not grow with the steps of the
/// solve.
/// </remarks>
public sealed class ImplicitLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "operator")]
    private readonly LatentOperator _operator;
    private readonly UntoldFailure _untold = new();

    /// <summary>Creates the layer.</summary>
    /// <param name="latentOperator">R. Owned from now on.</param>
    public ImplicitLayer(LatentOperator latentOperator)
        : base(nameof(ImplicitLayer))
    {
        ArgumentNullException.ThrowIfNull(latentOperator);
        _operator = latentOperator;
        RegisterComponents();
    }

    /// <summary>R.</summary>
    public LatentOperator Operator => _operator;

    /// <summary>How fixed points are found; default <see cref="PicardSolver"/>.</summary>
    public FixedPointSolver Solver { get; set => field = value ?? throw new ArgumentNullException(nameof(Solver)); } = new PicardSolver();

    /// <summary>When a sample is finished; default: tolerances by dtype, 100 steps.</summary>
    public StoppingRule Stopping { get; set => field = value ?? throw new ArgumentNullException(nameof(Stopping)); } = new StoppingRule();

    /// <summary>How one differentiates through the fixed point; default <see cref="JacobianFreeGradient"/>.</summary>
    public FixedPointGradient Gradient { get; set => field = value ?? throw new ArgumentNullException(nameof(Gradient)); } = new JacobianFreeGradient();

    /// <summary>What to do about samples that did not converge; default <see cref="ThrowOnFailure"/>.</summary>
    public FailurePolicy OnFailure { get; set => field = value ?? throw new ArgumentNullException(nameof(OnFailure)); } = new ThrowOnFailure();

    /// <summary>The report of the last call; null before the first. For concurrent calls use <see cref="Run"/>.</summary>
    public SolveReport? LastReport { get; private set; }

    /// <summary>
    /// What backward passes through the last call did; null before the first call with gradients. For concurrent calls use
    /// <see cref="ImplicitResult.Gradient"/>.
    /// </summary>
    public GradientReport? LastGradient { get; private set; }

    /// <summary>u* for q.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and nobody was told yet. Thrown once; then the layer goes on.
    /// </exception>
    public override Tensor forward(Tensor q)
    {
        ImplicitResult result = Run(q);
        result.Latent.Dispose();
        return result.Output;
    }

    /// <summary>As <see cref="forward"/>, with the report.</summary>
    /// <param name="q">[batch, ...]; stays the caller's.</param>
    /// <param name="start">Takes the operator's own start, [batch, ...], and returns the one to use; default: that one.</param>
    /// <param name="trace">Receives the residuals of every step, when given.</param>
    /// <param name="penalty">With gradients enabled, fills <see cref="ImplicitResult.Penalties"/>; default: none.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    /// <returns>The latents and the report. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and nobody was told yet. Thrown once; then the layer goes on.
    /// </exception>
    public ImplicitResult Run(
        Tensor q, Func<Tensor, Tensor>? start = null, ResidualTrace? trace = null, JacobianPenalty? penalty = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(q);
        _untold.Throw();
        using DisposeScope scope = NewDisposeScope();
        using FixedPointMap map = _operator.Bind(q);
        Tensor own = _operator.StartingLatent(q);
        using FixedPointSolution solution = Solve(map, start is null ? own : start(own), trace, cancellation);
        LastReport = solution.Report;
        bool[] included = [.. solution.Report.Samples.Select(sample => !OnFailure.Excludes(sample))];
        GradientReport gradient = new(_untold);
        Tensor latent;
        Tensor? penalties = null;
        if (is_grad_enabled())
        {
            penalties = penalty?.Estimate(map, solution.Latent).MoveToOuterDisposeScope();
            LastGradient = gradient;
            latent = Mask(Gradient.Attach(map, solution, gradient), included);
        }
        else
        {
            latent = solution.Latent.alias();
        }

        return new ImplicitResult(
            latent.MoveToOuterDisposeScope(), solution.Latent.alias().MoveToOuterDisposeScope(), solution.Report, gradient, included)
        {
            Penalties = penalties,
        };
    }

    /// <summary>Solves as a call of the layer does, failure policy included. The caller owns the solution.</summary>
    internal FixedPointSolution Solve(FixedPointMap map, Tensor start, ResidualTrace? trace = null, CancellationToken cancellation = default)
    {
        FixedPointSolution solution = FixedPoint.Solve(map, start, Solver, Stopping, trace, cancellation);
        try
        {
            return OnFailure.Handle(map, solution, Solver, Stopping);
        }
        catch
        {
            solution.Dispose();
            throw;
        }
    }

    /// <summary>Cuts excluded samples out of the graph.</summary>
    private static Tensor Mask(Tensor latent, bool[] included)
    {
        if (Array.TrueForAll(included, value => value))
        {
            return latent;
        }

        long[] column = [included.Length, .. Enumerable.Repeat(1L, (int)latent.ndim - 1)];
        Tensor mask = tensor(included, device: latent.device).reshape(column);
        return where(mask, latent, latent.detach());
    }
}
