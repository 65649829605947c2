using System.Globalization;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>An elementwise activation with Lipschitz constant at most 1, so that it keeps a contraction a contraction.</summary>
/// <remarks>
/// An activation of your own is one method. You then vouch for its Lipschitz constant, on which the certified factor of a
/// <see cref="ContractionOperator"/> rests; if a larger factor is measured, the <see cref="ContractionReport"/> says so.
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

    /// <summary>As <see cref="Apply"/>, in x's own memory where that is possible.</summary>
    internal virtual Tensor ApplyInPlace(Tensor x) => Apply(x);

    /// <summary>The activation of <c>x + shift</c>, in x's own memory where that is possible; differentiable.</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="shift">The shape of x.</param>
    internal virtual Tensor ApplyInPlace(Tensor x, Tensor shift) => ApplyInPlace(x.add_(shift));

    private sealed record TanhActivation : LatentActivation
    {
        public override string ToString() => "tanh";

        public override Tensor Apply(Tensor x) => x.tanh();

        internal override Tensor ApplyInPlace(Tensor x) => x.tanh_();
    }

    private sealed record LeakyReluActivation(double Slope) : LatentActivation
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"LeakyReLU({Slope})");

        public override Tensor Apply(Tensor x) => nn.functional.leaky_relu(x, Slope);

        internal override double? SlopeOfLeakyRelu => Slope;

        internal override Tensor ApplyInPlace(Tensor x) => nn.functional.leaky_relu(x, Slope, inplace: true);

        internal override Tensor ApplyInPlace(Tensor x, Tensor shift) =>
            ShiftedLeakyRelu.TryInPlace(x, shift, Slope) ? x : ApplyInPlace(x.add_(shift));
    }
}
