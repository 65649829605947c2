using ImplicitNet.Differentiation;
using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// A layer whose output is a fixed point: it takes q and returns <c>u* = R(u*, q)</c>. It can be a part of any model.
/// </summary>
/// <remarks>
/// With gradients enabled, the output is attached to the graph by the <see cref="SolveSettings.Gradient"/>, in training and evaluation mode
/// alike; without them it is u* itself, and nothing more is computed. The memory of training does not grow with the steps of the solve.
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
        Settings = new SolveSettings { Solver = latentOperator.DefaultSolver };
        RegisterComponents();
    }

    /// <summary>R.</summary>
    public LatentOperator Operator => _operator;

    /// <summary>
    /// The settings of every call that is given none of its own: at first the defaults, with the solver that the operator names
    /// (<see cref="LatentOperator.DefaultSolver"/>). They are replaced as a whole, so a call in progress keeps those it began with.
    /// </summary>
    public SolveSettings Settings { get; set => field = value ?? throw new ArgumentNullException(nameof(Settings)); }

    /// <summary>Shorthand for the same member of <see cref="Settings"/>.</summary>
    public FixedPointSolver Solver { get => Settings.Solver; set => Settings = Settings with { Solver = value }; }

    /// <summary>Shorthand for the same member of <see cref="Settings"/>.</summary>
    public StoppingRule Stopping { get => Settings.Stopping; set => Settings = Settings with { Stopping = value }; }

    /// <summary>Shorthand for the same member of <see cref="Settings"/>.</summary>
    public FixedPointGradient Gradient { get => Settings.Gradient; set => Settings = Settings with { Gradient = value }; }

    /// <summary>Shorthand for the same member of <see cref="Settings"/>.</summary>
    public FailurePolicy OnFailure { get => Settings.OnFailure; set => Settings = Settings with { OnFailure = value }; }

    /// <summary>Computes u* for q.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...]. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and this has not been reported yet. Thrown once; after
    /// that the layer works as before.
    /// </exception>
    public override Tensor forward(Tensor q) => Run(q).OutputAlone();

    /// <summary>Computes u* for q, like <see cref="forward"/>, with the reports of the solve and of backward passes through it.</summary>
    /// <remarks>Several threads may call one layer at once, in evaluation mode or as long as nothing changes its weights.</remarks>
    /// <param name="q">[batch, ...]; the caller keeps it.</param>
    /// <param name="settings">How this call solves; default: the layer's <see cref="Settings"/>.</param>
    /// <param name="start">Where the solve starts; default <see cref="StartingPoint.Operator"/>.</param>
    /// <param name="trace">Receives the residuals of every step, when given.</param>
    /// <param name="penalty">With gradients enabled, fills <see cref="ImplicitResult.Penalties"/>; default: none.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>The latents and the report. The caller owns it.</returns>
    /// <exception cref="FixedPointException">A sample did not converge and the policy is to throw.</exception>
    /// <exception cref="InvalidOperationException">
    /// A backward pass through an earlier call failed inside, its gradient was NaN, and this has not been reported yet. Thrown once; after
    /// that the layer works as before.
    /// </exception>
    public ImplicitResult Run(
        Tensor q,
        SolveSettings? settings = null,
        StartingPoint? start = null,
        ResidualTrace? trace = null,
        JacobianPenalty? penalty = null,
        CancellationToken cancellation = default) =>
        TorchMessage.Guarded(() =>
        {
            TensorCheck.EnsureBatch(q, nameof(q), "q", isNumber: false);
            return new LayerSolve(this, q).Run(new SolveCall(settings ?? Settings, start, penalty, new AnyToken(cancellation)), trace);
        });

    private sealed class LayerSolve(ImplicitLayer layer, Tensor q) : AttachedSolve(layer._untold)
    {
        private Tensor? _draws;
        private ulong _masks;

        protected override nn.Module Layer => layer;

        protected override IEnumerable<Tensor> Sources => [q, .. layer._operator.parameters()];

        protected override FixedPointMap Bind()
        {
            TrainingParts.EnsureOneFunction(layer._operator, mayCouple: true);
            _draws = is_grad_enabled() ? RandomState.Get() : null;
            _masks = SampleDraws.Drawn;
            return Bound(q);
        }

        // Bound again: an operator may have computed with q when it was bound. What it drew then, a mask, it draws again.
        protected override FixedPointMap BindNeutral(FixedPointMap map, SampleMask mask) =>
            RandomState.Again(_draws!, () => SampleDraws.Again(_masks, () => Bound(mask.Neutral(q))));

        protected override Tensor Start() => layer._operator.StartingLatent(q);

        private FixedPointMap Bound(Tensor given) => layer._operator.Bind(given)
            ?? throw new InvalidOperationException($"{layer._operator.GetType().Name}.{nameof(LatentOperator.Bind)} returned null.");
    }
}
