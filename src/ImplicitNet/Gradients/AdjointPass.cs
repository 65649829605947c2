using ImplicitNet.Differentiation;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>What one node of the graph does when a gradient comes back to it.</summary>
internal sealed class AdjointPass
{
    private readonly FixedPointMap _map;
    private readonly AdjointGradient _gradient;
    private readonly LowRankInverse? _inverse;
    private readonly AdjointSide _side;
    private readonly ValueWitness? _witness;
    private bool _isDifferentiated;

    /// <summary>Describes the pass.</summary>
    /// <param name="map">Describes R; its own tensors are replaced by those that the graph kept.</param>
    /// <param name="gradient">The direction taken.</param>
    /// <param name="inverse">Describes what the solver learned of the inverse, where the direction needs it.</param>
    /// <param name="report">Told what was done.</param>
    /// <param name="side">What the node stands for.</param>
    /// <param name="witness">What R(u*, q) was; null where nothing was taken down.</param>
    public AdjointPass(
        FixedPointMap map, AdjointGradient gradient, LowRankInverse? inverse, GradientReport report,
        AdjointSide side, ValueWitness? witness)
    {
        _map = map;
        _gradient = gradient;
        _inverse = inverse;
        Report = report;
        _side = side;
        _witness = witness;
    }

    public GradientReport Report { get; }

    /// <summary>Whether the node evaluates R again, with what the graph kept of it.</summary>
    public bool EvaluatesAgain => _gradient.EvaluatesAgain;

    /// <summary>How many tensors <see cref="Sources"/> gave.</summary>
    public int SourceCount { get; private set; }

    /// <summary>
    /// What the graph keeps for <see cref="Run"/>: u*, the terms of the inverse, the map's inputs, and its parameters, so that one
    /// that is changed meanwhile is noticed.
    /// </summary>
    public List<Tensor> Pack(Tensor latent, FixedPointMap map)
    {
        return [latent, .. _inverse?.Terms ?? [], .. map.Inputs.Tensors, .. map.Inputs.Parameters ?? []];
    }

    /// <summary>
    /// What R computes with. A plain pass reaches them through R(u*, q); one that is to be differentiated again has to do so
    /// at a u* that depends on them in its turn.
    /// </summary>
    public Tensor[] Sources(FixedPointMap map)
    {
        Tensor[] sources = _side == AdjointSide.FixedPoint ? [.. map.Inputs.Tensors, .. map.Inputs.Parameters ?? []] : [];
        SourceCount = sources.Length;
        return sources;
    }

    /// <summary>Sends a gradient back; in the graph where gradients are enabled.</summary>
    /// <remarks>
    /// Once a gradient of this node has been differentiated, what comes later may be its derivative, which depends on u* by as many
    /// paths as the loss does: from then on every direction is the exact one.
    /// </remarks>
    /// <param name="gradient">g: [batch, ...].</param>
    /// <param name="unpack">Gives what <see cref="Pack"/> gave, and throws where a tensor of it was changed.</param>
    public AdjointResult Run(Tensor gradient, Func<IReadOnlyList<Tensor>> unpack)
    {
        Report.BeginPass();
        _isDifferentiated |= is_grad_enabled();
        AdjointGradient used = _isDifferentiated ? ImplicitGradient.For(_gradient) : _gradient;
        if (used is JacobianFreeGradient)
        {
            return new AdjointResult(gradient.alias(), []);
        }

        IReadOnlyList<Tensor> saved = unpack();
        Tensor latent = saved[0];
        int terms = _inverse is null ? 0 : _inverse.Terms.Count;
        using FixedPointMap map = _map.With(_map.Inputs.With([.. saved.Skip(1 + terms).Take(_map.Inputs.Tensors.Count)]));
        return is_grad_enabled()
            ? Differentiable(map, latent, gradient)
            : new AdjointResult(Direction(used, map, latent, gradient, _inverse?.With([.. saved.Skip(1).Take(terms)])), []);
    }

    /// <summary>
    /// The exact gradient as a differentiable function of g and of all that R depends on. With <c>w = (I - J^T)^-1 g</c>:
    /// <c>dw = (I - J^T)^-1 (dg + dJ^T w)</c>. So w is a node behind <c>g + J^T w</c>, w held constant in it; J is taken at u*
    /// attached by the exact gradient; and w is sent through R at that u*.
    /// </summary>
    private AdjointResult Differentiable(FixedPointMap map, Tensor latent, Tensor gradient)
    {
        if (_side == AdjointSide.Adjoint)
        {
            throw new InvalidOperationException(
                "Derivatives above the second are not available through an adjoint solve; do not ask for the graph of a second derivative, or use UnrolledGradient.");
        }

        if (map.Inputs.Parameters is null)
        {
            throw new InvalidOperationException(
                "A second derivative needs to know which parameters the map computes with. Say them in its MapInputs, or use UnrolledGradient.");
        }

        ImplicitGradient exact = ImplicitGradient.For(_gradient);
        Tensor constant;
        using (no_grad())
        {
            constant = Direction(exact, map, latent, gradient.detach(), inverse: null);
        }

        AdjointPass again = new(_map, exact, inverse: null, new GradientReport(Report), AdjointSide.FixedPoint, _witness);
        Tensor attached = AdjointFunction.Attach(LatentContract.EvaluateCopy(map, latent), again, latent, map);
        Gate gate = new();
        Tensor point = attached.requires_grad ? GateFunction.Attach(attached, gate) : attached.detach().requires_grad_();
        Tensor mapped = LatentContract.EvaluateCopy(map, point);
        Tensor product = mapped.requires_grad ? VectorProducts.TransposeProduct(mapped, point, constant, createGraph: true) : zeros_like(constant);
        AdjointPass solve = new(_map, exact, inverse: null, new GradientReport(Report), AdjointSide.Adjoint, _witness);
        Tensor direction = AdjointFunction.Attach(gradient + product, solve, latent, map);

        // u* depends on the sources too, but that part is in w already: partial derivatives are wanted here.
        using (gate.Close())
        {
            return new AdjointResult(null, VectorProducts.TransposeProducts(mapped, [.. map.Inputs.Tensors, .. map.Inputs.Parameters], direction, createGraph: true));
        }
    }

    private Tensor Direction(AdjointGradient gradient, FixedPointMap map, Tensor latent, Tensor vector, LowRankInverse? inverse)
    {
        using FixedPointMap constant = map.With(map.Inputs.Select(input => input.detach()));
        using Linearization linearization = new(constant, latent, AdjointContext.Advice) { Witness = _witness };
        AdjointContext at = new(vector, linearization, inverse, Report);
        Tensor direction = _side == AdjointSide.Adjoint ? ImplicitGradient.For(gradient).ForwardDirection(at) : gradient.Direction(at);
        Report.Paid(linearization.Paid);
        return direction;
    }
}
