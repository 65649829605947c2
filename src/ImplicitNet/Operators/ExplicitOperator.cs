using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(0, q)</c>, whatever u is: turns an implicit network into its explicit twin <c>S(R(0, Q(d)))</c>, the same layers with the same
/// weights applied once. Of several operators it is <c>Rn(... R1(0, q) ..., q)</c>: a network of n layers, each with weights of its own.
/// </summary>
/// <remarks>
/// R is applied once, when q is bound, and its value is kept; the map returns that value, so the solve costs nothing more. The map is
/// constant in u: from a start of zeros the first step finds the value and the second finds its residual exactly 0. dR/du is 0, so that
/// JFB, the Neumann series and the exact gradient are the same here: that of R(0, q). Reports count the two steps, although R is applied
/// only once.
/// </remarks>
public sealed class ExplicitOperator : LatentOperator, IContraction, IInputLipschitz
{
    [ComponentName(Name = "operator")]
    private readonly LatentOperator _operator;
    private readonly LatentOperator[] _next;

    /// <summary>Creates the explicit form of an operator.</summary>
    /// <param name="latentOperator">R. Owned from now on.</param>
    public ExplicitOperator(LatentOperator latentOperator)
        : this(latentOperator, [])
    {
    }

    /// <summary>Creates the explicit form of several operators, which are applied one after the other.</summary>
    /// <param name="first">R1, which is applied to zeros of its own start. Owned from now on.</param>
    /// <param name="next">R2 and so on, of latents of the same shape, none of them null. Owned from now on.</param>
    /// <exception cref="ArgumentException">One of them is null.</exception>
    public ExplicitOperator(LatentOperator first, params IReadOnlyList<LatentOperator> next)
        : base(nameof(ExplicitOperator))
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(next);
        if (next.Any(layer => layer is null))
        {
            throw new ArgumentException("An operator of the explicit form is null.", nameof(next));
        }

        (_operator, _next) = (first, [.. next]);
        RegisterComponents();
        for (int place = 0; place < _next.Length; place++)
        {
            register_module($"operator{place + 2}", _next[place]);
        }
    }

    /// <summary>R, the first where there are several.</summary>
    public LatentOperator Operator => _operator;

    /// <summary>0: the map does not depend on u.</summary>
    public double DeclaredFactor => 0;

    /// <summary>0: the map does not depend on u.</summary>
    public double CertifyFactor() => 0;

    /// <summary>
    /// Of one operator its own; of several, each adds its own to the factor in u times what was before it. NaN where an operator does not
    /// say its own, or a further one contracts in no way that is known in L2.
    /// </summary>
    public double CertifyInputLipschitz() => _next.Aggregate(
        InputLipschitz(_operator), (before, layer) => (LatentBound.EuclideanFactor(layer) * before) + InputLipschitz(layer));

    private static double InputLipschitz(LatentOperator layer) => (layer as IInputLipschitz)?.CertifyInputLipschitz() ?? double.NaN;

    /// <inheritdoc/>
    /// <remarks>Evaluates every R once, in the graph where gradients are enabled.</remarks>
    public override FixedPointMap Bind(Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = StartingLatent(q);
        foreach (LatentOperator layer in (LatentOperator[])[_operator, .. _next])
        {
            using FixedPointMap map = layer.Bind(q);
            value = LatentContract.EvaluateCopy(map, value);
        }

        value = value.DetachFromDisposeScope();
        return new ConstantMap(new MapInputs { PerSample = [value], Parameters = [], Owned = [value] })
        {
            ErrorBound = ErrorBound.OfContraction(0, ResidualNorm.L2),
        };
    }

    /// <summary>Zeros in the shape and memory layout of R's own start.</summary>
    /// <param name="q">[batch, ...].</param>
    /// <returns>[batch, ...], without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return zeros_like(_operator.StartingLatent(q)).MoveToOuterDisposeScope();
    }

    /// <summary><c>u -> value</c>, sample by sample.</summary>
    private sealed class ConstantMap(MapInputs inputs) : FixedPointMap(inputs)
    {
        private Tensor Value => Inputs.PerSample[0];

        public override bool IsPerSample => true;

        // Who differentiates by u gets 0, not a missing graph.
        public override Tensor Evaluate(Tensor latent) => latent.requires_grad ? Value.add(latent, alpha: 0) : Value.alias();

        public override FixedPointMap With(MapInputs inputs) => new ConstantMap(inputs) { ErrorBound = ErrorBound };
    }
}
