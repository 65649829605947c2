using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>R(y, q) = 2 act(gamma S (y + q) / 2 + q) - q</c> with S skew-symmetric, <c>||S|| &lt;= 1</c>, and act a proximal map: a contraction
/// in y by the factor gamma in L2, whose fixed point y* moves by no more than q does, whatever gamma and the weights are.
/// </summary>
/// <remarks>
/// With <c>u = (y + q) / 2</c> it is the fixed point of <c>u = act(gamma S u + q)</c>, reflected: <c>y* = 2 u* - q</c>. A proximal map is
/// firmly nonexpansive, and <c>&lt;u, S u&gt; = 0</c>, so that two solutions have <c>&lt;du, dq&gt; >= ||du||^2</c>, and
/// <c>||2 du - dq||^2 = ||dq||^2 - 4 (&lt;du, dq&gt; - ||du||^2) &lt;= ||dq||^2</c>: the reflected resolvent of a monotone operator (Ryu
/// and Boyd, "A primer on monotone operator methods", 2016). With ReLU, whose slopes are 0 and 1, both sides are equal where y* is
/// differentiable: its Jacobian is orthogonal, the Cayley transform of gamma S on the units that are active and -1 on the others, and no
/// length is lost. A <see cref="ContractionOperator"/> may lengthen by <c>1 / (1 - gamma)</c>. One evaluation is one linear layer and four
/// elementwise passes.
/// </remarks>
public sealed class ReflectedOperator : LatentOperator, IContraction, IInputLipschitz
{
    [ComponentName(Name = "layer")]
    private readonly SkewLinear _layer;
    private readonly LatentActivation _activation;

    /// <summary>Creates the operator.</summary>
    /// <param name="layer">S. Owned from now on.</param>
    /// <param name="gamma">The contraction factor, in (0, 1), dimensionless.</param>
    /// <param name="activation">1-Lipschitz and nowhere falling: a proximal map; default ReLU.</param>
    /// <exception cref="ArgumentException">The activation is not known to be a proximal map.</exception>
    public ReflectedOperator(SkewLinear layer, double gamma, LatentActivation? activation = null)
        : base(nameof(ReflectedOperator))
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (gamma is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "The contraction factor must be in (0, 1).");
        }

        _activation = activation ?? LatentActivation.LeakyRelu(0);
        if (!_activation.IsProximal)
        {
            throw new ArgumentException(
                $"The activation of a reflected operator must nowhere fall: {_activation} is not known to be so. "
                    + $"One that is says so by {nameof(LatentActivation.IsProximal)}.",
                nameof(activation));
        }

        _layer = layer;
        DeclaredFactor = gamma;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public double DeclaredFactor { get; }

    /// <inheritdoc/>
    public double CertifyFactor() => _layer.CertifyNorm(DeclaredFactor);

    /// <summary>1 + the factor: <c>dR/dq = (2 D - I) + D gamma S</c>, D the slopes of the activation in [0, 1].</summary>
    public double CertifyInputLipschitz() => 1 + CertifyFactor();

    /// <summary>1, which rests on S being skew to the last bit; NaN where a weight is not finite.</summary>
    public double CertifyFixedPointLipschitz() => double.IsNaN(CertifyFactor()) ? double.NaN : 1;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">q is not in the shape, dtype and device of latents.</exception>
    public override FixedPointMap Bind(Tensor q)
    {
        EnsureFits(q);
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = _layer.ScaledWeight(DeclaredFactor).DetachFromDisposeScope();
        return new PerSampleMap(
            (latent, inputs) => Evaluate(latent, inputs.PerSample[0], inputs.Shared[0]),
            new MapInputs { PerSample = [q], Shared = [weight], Parameters = [], Owned = [weight] })
        {
            IsOwn = true,
            ErrorBound = ErrorBound.OfContraction(DeclaredFactor, ResidualNorm.L2),
        };
    }

    /// <summary><c>2 act(q) - q</c>, the fixed point where S is 0: with ReLU |q|.</summary>
    /// <param name="q">[batch, n].</param>
    /// <returns>The shape of q, without a graph. The caller owns it.</returns>
    public override Tensor StartingLatent(Tensor q)
    {
        EnsureFits(q);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Reflected(q.clone(), q).MoveToOuterDisposeScope();
    }

    private void EnsureFits(Tensor q)
    {
        _layer.EnsureFits(q, nameof(q), "q");
        TensorCheck.EnsureLike(q, _layer.Weight, nameof(q), "q");
    }

    private Tensor Evaluate(Tensor latent, Tensor q, Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor middle = (latent + q).div_(2);
        return Reflected(nn.functional.linear(middle, weight).add_(q), q).MoveToOuterDisposeScope();
    }

    private Tensor Reflected(Tensor argument, Tensor q) => _activation.ApplyInPlace(argument).mul(2).sub_(q);
}
