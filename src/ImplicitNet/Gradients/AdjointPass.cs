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

    /// <summary>Describes the pass.</summary>
    /// <param name="map">Describes R; its own tensors are replaced by those that the graph kept.</param>
    /// <param name="gradient">The direction taken.</param>
    /// <param name="inverse">Describes what the solver learned of the inverse, where the direction needs it.</param>
    /// <param name="report">Told what was done.</param>
    /// <param name="side">What the node stands for.</param>
    public AdjointPass(FixedPointMap map, AdjointGradient gradient, LowRankInverse? inverse, GradientReport report, AdjointSide side)
    {
        _map = map;
        _gradient = gradient;
        _inverse = inverse;
        Report = report;
        _side = side;
    }

    public GradientReport Report { get; }

    /// <summary>How many tensors <see cref="Sources"/> gave.</summary>
    public int SourceCount { get; private set; }

    /// <summary>What the graph keeps for <see cref="Run"/>: u*, the terms of the inverse, and the map's inputs.</summary>
    public List<Tensor> Pack(Tensor latent, IReadOnlyList<Tensor> inputs) => [latent, .. _inverse?.Terms ?? [], .. inputs];

    /// <summary>
    /// What R computes with. A plain pass reaches them through R(u*, q); one that is to be differentiated again has to do so
    /// at a u* that depends on them in its turn.
    /// </summary>
    public IReadOnlyList<Tensor> Sources(FixedPointMap map)
    {
        Tensor[] sources = _side == AdjointSide.FixedPoint ? [.. map.Inputs, .. map.Parameters ?? []] : [];
        SourceCount = sources.Length;
        return sources;
    }

    /// <summary>Sends a gradient back; in the graph where gradients are enabled.</summary>
    /// <param name="gradient">g: [batch, ...].</param>
    /// <param name="saved">What <see cref="Pack"/> gave.</param>
    public AdjointResult Run(Tensor gradient, IReadOnlyList<Tensor> saved)
    {
        Report.BeginPass();
        Tensor latent = saved[0];
        int terms = _inverse is null ? 0 : 2;
        using FixedPointMap map = _map.With([.. saved.Skip(1 + terms)]);
        if (is_grad_enabled())
        {
            return Differentiable(map, latent, gradient);
        }

        return new AdjointResult(Direction(_gradient, map, latent, gradient, _inverse?.With([.. saved.Skip(1).Take(terms)])), []);
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

        if (map.Parameters is null)
        {
            throw new InvalidOperationException(
                "A second derivative needs to know which parameters the map computes with. Make it by PerSampleMap(function, input, weights, parameters) or an operator, or use UnrolledGradient.");
        }

        ImplicitGradient exact = ImplicitGradient.For(_gradient);
        Tensor constant;
        using (no_grad())
        {
            constant = Direction(exact, map, latent, gradient.detach(), inverse: null);
        }

        AdjointPass again = new(_map, exact, inverse: null, new GradientReport(Report), AdjointSide.FixedPoint);
        Tensor attached = AdjointFunction.Attach(map.Evaluate(latent), again, latent, map);
        Gate gate = new();
        Tensor point = attached.requires_grad ? GateFunction.Attach(attached, gate) : attached.detach().requires_grad_();
        Tensor mapped = map.Evaluate(point);
        Tensor product = mapped.requires_grad ? VectorProducts.TransposeProduct(mapped, point, constant, createGraph: true) : zeros_like(constant);
        AdjointPass solve = new(_map, exact, inverse: null, new GradientReport(Report), AdjointSide.Adjoint);
        Tensor direction = AdjointFunction.Attach(gradient + product, solve, latent, map);

        // u* depends on the sources too, but that part is in w already: partial derivatives are wanted here.
        using (gate.Close())
        {
            return new AdjointResult(null, VectorProducts.TransposeProducts(mapped, [.. map.Inputs, .. map.Parameters], direction, createGraph: true));
        }
    }

    private Tensor Direction(AdjointGradient gradient, FixedPointMap map, Tensor latent, Tensor vector, LowRankInverse? inverse)
    {
        using AdjointSystem system = new(map, latent);
        Tensor direction = _side == AdjointSide.Adjoint
            ? ImplicitGradient.For(gradient).ForwardDirection(system, vector, Report)
            : gradient.Direction(system, vector, inverse, Report);
        Report.Paid(system.Products);
        return direction;
    }
}
