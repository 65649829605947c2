using ImplicitNet.Differentiation;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>R(u*, q) forward; backward, the gradient g that comes to it changed into a direction w.</summary>
internal sealed class AdjointPass : BackwardPass
{
    private readonly FixedPointMap _map;
    private readonly AdjointGradient _gradient;
    private readonly LowRankInverse? _inverse;
    private readonly GradientReport _report;
    private readonly AdjointSide _side;
    private readonly ValueWitness? _witness;
    private bool _isExact;
    private int _sources;

    /// <summary>Describes the pass.</summary>
    /// <param name="map">Describes R; its own tensors are replaced by those that the graph kept.</param>
    /// <param name="gradient">The direction taken.</param>
    /// <param name="inverse">Describes what the solver learned of the inverse, where the direction needs it.</param>
    /// <param name="report">Told what was done.</param>
    /// <param name="side">What the node stands for.</param>
    /// <param name="witness">What R(u*, q) was; null where nothing was taken down.</param>
    private AdjointPass(
        FixedPointMap map, AdjointGradient gradient, LowRankInverse? inverse, GradientReport report,
        AdjointSide side, ValueWitness? witness)
    {
        _map = map;
        _gradient = gradient;
        _inverse = inverse;
        _report = report;
        _side = side;
        _witness = witness;
    }

    /// <inheritdoc/>
    public override GradientReport Report => _report;

    /// <summary>R(u*, q), in the graph, with a node behind it.</summary>
    public static Tensor Attach(FixedPointMap map, FixedPointSolution solution, AdjointGradient gradient, GradientReport report)
    {
        using DisposeScope scope = NewDisposeScope();
        LowRankInverse? inverse = gradient.NeedsInverse ? solution.Inverse : null;
        Tensor value = LatentContract.EvaluateCopy(map, solution.Latent);
        ValueWitness? witness = gradient.NeedsJacobian && value.requires_grad ? new ValueWitness(value) : null;
        AdjointPass pass = new(map, gradient, inverse, report, AdjointSide.FixedPoint, witness);
        return pass.Attach(value, solution.Latent, map).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Forward(IReadOnlyList<Tensor> sources) => sources[0].alias();

    /// <inheritdoc/>
    /// <remarks>
    /// Once a gradient of this node has been differentiated, what comes later may be its derivative, which depends on u* by as many
    /// paths as the loss does: from then on every direction is the exact one.
    /// </remarks>
    public override Tensor?[] Backward(Tensor gradient, Func<IReadOnlyList<Tensor>> kept)
    {
        _report.BeginPass();
        _isExact |= is_grad_enabled();
        if (!_isExact && !_gradient.NeedsJacobian && _inverse is null)
        {
            return Sent(Checked(_gradient.Direction(new AdjointContext(gradient, null, null, _report)), gradient));
        }

        IReadOnlyList<Tensor> saved = kept();
        int terms = _inverse is null ? 0 : _inverse.Terms.Count;
        using FixedPointMap map = _map.With(_map.Inputs.With([.. saved.Skip(1 + terms).Take(_map.Inputs.Tensors.Count)]));
        return is_grad_enabled()
            ? Differentiable(map, saved[0], gradient)
            : Sent(Direction(map, saved[0], gradient, _inverse?.With([.. saved.Skip(1).Take(terms)])));
    }

    /// <inheritdoc/>
    public override Tensor?[] Failed(Tensor gradient) => Sent(full_like(gradient, double.NaN));

    /// <summary>
    /// A value with this behind it. A plain pass reaches what R computes with through R(u*, q); one that is to be differentiated
    /// again has to do so at a u* that depends on it in its turn.
    /// </summary>
    private Tensor Attach(Tensor value, Tensor latent, FixedPointMap map)
    {
        if (!is_grad_enabled() || !value.requires_grad)
        {
            return value;
        }

        // Parameters too, so that one that is changed meanwhile is noticed.
        Tensor[] inputs = [.. map.Inputs.Tensors, .. map.Inputs.ParameterList ?? []];
        Tensor[] sources = _side == AdjointSide.FixedPoint ? [value, .. inputs] : [value];
        _sources = sources.Length;
        return GraphNode.Attach(this, sources, [latent, .. _inverse?.Terms ?? [], .. inputs], _isExact || _gradient.NeedsJacobian);
    }

    /// <summary>
    /// The exact gradient as a differentiable function of g and of all that R depends on. With <c>w = (I - J^T)^-1 g</c>:
    /// <c>dw = (I - J^T)^-1 (dg + dJ^T w)</c>. So w is a node behind <c>g + J^T w</c>, w held constant in it; J is taken at u*
    /// attached by the exact gradient; and w is sent through R at that u*.
    /// </summary>
    private Tensor?[] Differentiable(FixedPointMap map, Tensor latent, Tensor gradient)
    {
        if (_side == AdjointSide.Adjoint)
        {
            throw new InvalidOperationException(
                "Derivatives above the second are not available through an adjoint solve; "
                + "do not ask for the graph of a second derivative, or use UnrolledGradient.");
        }

        if (map.Inputs.ParameterList is null)
        {
            throw new InvalidOperationException(
                "A second derivative needs to know which parameters the map computes with. Say them in its MapInputs, "
                    + "or use UnrolledGradient.");
        }

        Tensor constant;
        using (no_grad())
        {
            constant = Direction(map, latent, gradient.detach(), inverse: null);
        }

        AdjointPass behind = Exact(AdjointSide.FixedPoint);
        Tensor attached = behind.Attach(LatentContract.EvaluateCopy(map, latent), latent, map);
        Tensor point = attached.requires_grad ? attached : attached.detach().requires_grad_();
        Gate gate = new();
        using FixedPointMap gated = map.With(map.Inputs.Select(input => input.requires_grad ? gate.Attach(input) : input));
        Tensor mapped = LatentContract.EvaluateCopy(gated, point);
        Tensor product = mapped.requires_grad
            ? VectorProducts.TransposeProduct(mapped, point, constant, createGraph: true)
            : zeros_like(constant);
        Tensor direction = Exact(AdjointSide.Adjoint).Attach(gradient + product, latent, map);

        // Partial derivatives are wanted here: u* depends on the sources too, but that part is in w already, and inputs may depend on
        // parameters, but the nodes before this one see to that.
        using (behind.Close())
        using (gate.Close())
        {
            return
            [
                null,
                .. VectorProducts.TransposeProducts(
                    mapped, [.. gated.Inputs.Tensors, .. map.Inputs.ParameterList], direction, createGraph: true),
            ];
        }
    }

    /// <summary>A pass behind this one, which takes the exact direction.</summary>
    private AdjointPass Exact(AdjointSide side) =>
        new(_map, _gradient, inverse: null, new GradientReport(_report), side, _witness) { _isExact = true };

    private Tensor Direction(FixedPointMap map, Tensor latent, Tensor gradient, LowRankInverse? inverse)
    {
        using FixedPointMap constant = map.With(map.Inputs.Select(input => input.detach()));
        using Linearization linearization = new(constant, latent, AdjointContext.Advice) { Witness = _witness };
        AdjointContext at = new(gradient, linearization, inverse, _report);
        (LinearSolver solver, double? tolerance) = _gradient.Exact;
        Tensor direction = _side == AdjointSide.Adjoint ? at.SolveForward(solver, tolerance)
            : _isExact ? at.Solve(solver, tolerance)
            : Checked(_gradient.Direction(at), gradient);
        _report.Paid(linearization.Paid);
        return direction;
    }

    private Tensor Checked(Tensor? direction, Tensor gradient) =>
        LatentContract.Like(direction, gradient, _gradient.GetType(), "direction", "the gradient g").alias();

    /// <summary>To the value; what R computes with is reached through it.</summary>
    private Tensor?[] Sent(Tensor direction)
    {
        Tensor?[] sent = new Tensor?[_sources];
        sent[0] = direction;
        return sent;
    }
}
