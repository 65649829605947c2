using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
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
/// With gradients enabled the output is attached to the graph by the <see cref="SolveSettings.Gradient"/>, in training and evaluation mode
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

    /// <summary>
    /// How calls solve that are not told otherwise. Replaced as a whole, so that a call in progress keeps the one it began with.
    /// </summary>
    public SolveSettings Settings { get; set => field = value ?? throw new ArgumentNullException(nameof(Settings)); } = new();

    /// <summary>Short for that of <see cref="Settings"/>.</summary>
    public FixedPointSolver Solver { get => Settings.Solver; set => Settings = Settings with { Solver = value }; }

    /// <summary>Short for that of <see cref="Settings"/>.</summary>
    public StoppingRule Stopping { get => Settings.Stopping; set => Settings = Settings with { Stopping = value }; }

    /// <summary>Short for that of <see cref="Settings"/>.</summary>
    public FixedPointGradient Gradient { get => Settings.Gradient; set => Settings = Settings with { Gradient = value }; }

    /// <summary>Short for that of <see cref="Settings"/>.</summary>
    public FailurePolicy OnFailure { get => Settings.OnFailure; set => Settings = Settings with { OnFailure = value }; }

    /// <summary>u* for q.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and nobody was told yet. Thrown once; then the layer
    /// goes on.
    /// </exception>
    public override Tensor forward(Tensor q)
    {
        ImplicitResult result = Run(q);
        result.Latent.Dispose();
        return result.Output;
    }

    /// <summary>As <see cref="forward"/>, with the reports of the solve and of backward passes through it.</summary>
    /// <remarks>Several threads may call one layer at once, in evaluation mode or where nothing changes its weights meanwhile.</remarks>
    /// <param name="q">[batch, ...]; stays the caller's.</param>
    /// <param name="settings">How this call solves; default: the layer's <see cref="Settings"/>.</param>
    /// <param name="start">Where the solve starts; default <see cref="StartingPoint.Operator"/>.</param>
    /// <param name="trace">Receives the residuals of every step, when given.</param>
    /// <param name="penalty">With gradients enabled, fills <see cref="ImplicitResult.Penalties"/>; default: none.</param>
    /// <param name="cancellation">Looked at before every step.</param>
    /// <returns>The latents and the report. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and nobody was told yet. Thrown once; then the layer
    /// goes on.
    /// </exception>
    public ImplicitResult Run(
        Tensor q,
        SolveSettings? settings = null,
        StartingPoint? start = null,
        ResidualTrace? trace = null,
        JacobianPenalty? penalty = null,
        CancellationToken cancellation = default) =>
        TorchMessage.Guarded(() => RunScoped(q, new SolveCall(settings ?? Settings, start, penalty, cancellation), trace));

    private ImplicitResult RunScoped(Tensor q, SolveCall own, ResidualTrace? trace)
    {
        TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
        _untold.Throw();
        using SolveCall call = SolveWatch.InForce(own);
        ImplicitResult result;
        using (WithinMap.Enter())
        {
            result = RunOnce(q, call, trace);
        }

        SolveWatch.TellAll(this, call.Settings, result);
        return result;
    }

    private ImplicitResult RunOnce(Tensor q, SolveCall call, ResidualTrace? trace)
    {
        (SolveSettings settings, StartingPoint? start, JacobianPenalty? penalty, CancellationToken cancellation) = call;
        using DisposeScope scope = NewDisposeScope();
        TrainingParts.EnsureOneFunction(_operator, mayCouple: true);
        Tensor? draws = is_grad_enabled() ? RandomState.Get() : null;
        using FixedPointMap map = Bind(q);
        Tensor own = _operator.StartingLatent(q);
        using FixedPointSolution solution = Solve(map, start is null ? own : Checked(start.Of(own), own), settings, trace, cancellation);
        bool[] included = [.. solution.Report.Samples.Select(sample => !settings.OnFailure.Excludes(sample))];
        GradientReport gradient = new(_untold);
        Tensor latent;
        Tensor? penalties = null;
        if (is_grad_enabled())
        {
            SampleMask mask = new(included);
            (latent, penalties) = mask.All ? Attach(map, solution, settings.Gradient, penalty, gradient)
                : mask.None ? Detach(q, map, solution.Latent, penalty)
                : AttachSome(mask, q, draws!, map, solution, settings.Gradient, penalty, gradient);
            penalties = penalties?.MoveToOuterDisposeScope();
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
    internal static FixedPointSolution Solve(
        FixedPointMap map, Tensor start, SolveSettings settings, ResidualTrace? trace = null, CancellationToken cancellation = default)
    {
        FixedPointSolution solution = FixedPoint.Solve(map, start, settings.Solver, settings.Stopping, trace, cancellation);
        try
        {
            settings.OnFailure.Inspect(solution.Report);
            return solution;
        }
        catch
        {
            solution.Dispose();
            throw;
        }
    }

    private FixedPointMap Bind(Tensor q) => _operator.Bind(q)
        ?? throw new InvalidOperationException($"{_operator.GetType().Name}.{nameof(LatentOperator.Bind)} returned null.");

    private static Tensor Checked(Tensor start, Tensor own)
    {
        TensorCheck.EnsureBatch(start, nameof(start), "The start");
        return start.shape.AsSpan().SequenceEqual(own.shape) && start.dtype == own.dtype && TensorCheck.IsOnDeviceOf(start, own)
            ? start
            : throw new ArgumentException(
                $"The start must be like the operator's own, {TensorCheck.Describe(own)} on {own.device}. "
                + $"Given: {TensorCheck.Describe(start)} on {start.device}.",
                nameof(start));
    }

    private static (Tensor Latent, Tensor? Penalties) Attach(
        FixedPointMap map, FixedPointSolution solution, FixedPointGradient gradient, JacobianPenalty? penalty, GradientReport report)
    {
        Tensor? penalties = penalty?.Estimate(map, solution.Latent);
        return (gradient.Attach(map, solution, report), penalties);
    }

    /// <summary>
    /// Attaches the samples that stay. The others take part as copies of one of them, to which nothing is sent back: what failed may be
    /// NaN, and so would be the gradient of every weight.
    /// </summary>
    private (Tensor Latent, Tensor? Penalties) AttachSome(
        SampleMask mask,
        Tensor q,
        Tensor draws,
        FixedPointMap map,
        FixedPointSolution solution,
        FixedPointGradient gradient,
        JacobianPenalty? penalty,
        GradientReport report)
    {
        Tensor left = Finite(solution.Latent);
        if (!map.IsPerSample)
        {
            return (mask.Choose(gradient.Attach(map, solution, report), left), penalty?.Estimate(map, solution.Latent));
        }

        // Bound again: an operator may have computed with q when it was bound. What it drew then, a mask, it draws again.
        using FixedPointMap clean = RandomState.Again(draws, () => Bind(mask.Neutral(q)));
        FixedPointSolution kept = new(mask.Neutral(solution.Latent), solution.Report, solution.Inverse);
        (Tensor attached, Tensor? penalties) = Attach(clean, kept, gradient, penalty, report);
        return (mask.Choose(attached, left), penalties is null ? null : mask.Choose(penalties, zeros_like(penalties)));
    }

    /// <summary>The latents where no sample stays: with a graph, so that a loss of them can be sent back, which sends nothing.</summary>
    private (Tensor Latent, Tensor? Penalties) Detach(Tensor q, FixedPointMap map, Tensor latent, JacobianPenalty? penalty)
    {
        if (!map.IsPerSample)
        {
            // Statistics in R move with the step that would be attached, whether or not the batch counts.
            using IDisposable noGraph = no_grad();
            map.Evaluate(latent).Dispose();
        }

        Tensor[] sources = [q, .. _operator.parameters()];
        Tensor? penalties = penalty is null
            ? null
            : SampleMask.Unmoved(zeros(latent.shape[0], dtype: latent.dtype, device: latent.device), sources);
        return (SampleMask.Unmoved(Finite(latent), sources), penalties);
    }

    /// <summary>What is left out has no say in what comes after, which may multiply it by 0.</summary>
    private static Tensor Finite(Tensor latent) => where(latent.isfinite(), latent, zeros_like(latent));
}
