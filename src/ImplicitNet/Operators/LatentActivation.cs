using System.Globalization;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>An elementwise activation with Lipschitz constant at most 1, so that it keeps a contraction a contraction.</summary>
/// <remarks>
/// An activation of your own is one method. You then vouch for its Lipschitz constant, on which the certified factor of a
/// <see cref="ContractionOperator"/> rests; if a larger factor is measured, the <see cref="ContractionReport"/> says so.
/// One that also nowhere falls is a proximal map (Moreau, 1965), which a <see cref="MonotoneOperator"/> asks for: say so by
/// <see cref="IsProximal"/>.
/// </remarks>
public abstract record LatentActivation
{
    /// <summary>The hyperbolic tangent: smooth and bounded.</summary>
    public static LatentActivation Tanh { get; } = new TanhActivation();

    /// <summary><c>max(x, slope x)</c>.</summary>
    /// <param name="slope">In [0, 1], dimensionless; 0 is ReLU.</param>
    public static LatentActivation LeakyRelu(double slope = 0.1) => slope is >= 0 and <= 1
        ? new LeakyReluActivation(slope)
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope must be in [0, 1].");

    /// <summary>The slope left of 0 of a LeakyReLU; null for another activation.</summary>
    internal virtual double? SlopeOfLeakyRelu => null;

    /// <summary>
    /// Applies the activation to every element. It must be differentiable, and twice so where second derivatives are wanted.
    /// </summary>
    /// <param name="x">Any shape and floating-point dtype; not changed.</param>
    /// <returns>The same shape and dtype. The caller owns it.</returns>
    public abstract Tensor Apply(Tensor x);

    /// <summary>
    /// Whether the activation nowhere falls, so that it is <c>prox_f</c> of a convex f; default false. You vouch for it.
    /// </summary>
    public virtual bool IsProximal => false;

    /// <summary>
    /// <c>prox_(alpha f)(x)</c> of the f whose <c>prox_f</c> this activation is: at alpha = 1 the activation itself, in the graph where
    /// gradients are enabled; at another alpha without a graph. By default the solution of a scalar equation, found in float64: to its
    /// rounding times the larger of alpha and 1 / alpha.
    /// </summary>
    /// <param name="x">Any shape, float32 or float64; not changed.</param>
    /// <param name="alpha">Above 0 and finite, dimensionless.</param>
    /// <returns>The same shape and dtype. The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The activation is not known to be a proximal map.</exception>
    public Tensor Proximal(Tensor x, double alpha)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (alpha is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must be above 0 and finite.");
        }

        if (!IsProximal)
        {
            throw new InvalidOperationException(
                $"{this} is not known to be a proximal map: an activation that nowhere falls is one, and says so by {nameof(IsProximal)}.");
        }

        return alpha == 1 ? Apply(x) : ProximalCore(x, alpha);
    }

    /// <summary>As <see cref="Proximal"/>, for another alpha than 1.</summary>
    internal virtual Tensor ProximalCore(Tensor x, double alpha) => ScalarResolvent.Solve(Apply, x, alpha);

    /// <summary>As <see cref="Apply"/>, in x's own memory where that is possible.</summary>
    internal virtual Tensor ApplyInPlace(Tensor x) => Apply(x);

    /// <summary>The activation of <c>x + shift</c>, in x's own memory where that is possible; differentiable.</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="shift">The shape of x.</param>
    internal virtual Tensor ApplyInPlace(Tensor x, Tensor shift) => ApplyInPlace(x.add_(shift));

    private sealed record TanhActivation : LatentActivation
    {
        public override string ToString() => "tanh";

        public override bool IsProximal => true;

        public override Tensor Apply(Tensor x) => x.tanh();

        internal override Tensor ApplyInPlace(Tensor x) => x.tanh_();
    }

    private sealed record LeakyReluActivation(double Slope) : LatentActivation
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"LeakyReLU({Slope})");

        public override Tensor Apply(Tensor x) => nn.functional.leaky_relu(x, Slope);

        public override bool IsProximal => true;

        // f = (1 / slope - 1) x^2 / 2 left of 0.
        internal override Tensor ProximalCore(Tensor x, double alpha) =>
            nn.functional.leaky_relu(x.detach(), Slope / (Slope + (alpha * (1 - Slope))));

        internal override double? SlopeOfLeakyRelu => Slope;

        internal override Tensor ApplyInPlace(Tensor x) => nn.functional.leaky_relu(x, Slope, inplace: true);

        internal override Tensor ApplyInPlace(Tensor x, Tensor shift) =>
            ShiftedLeakyRelu.TryInPlace(x, shift, Slope) ? x : ApplyInPlace(x.add_(shift));
    }
}
