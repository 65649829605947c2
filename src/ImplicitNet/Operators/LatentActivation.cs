using System.Globalization;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>An elementwise activation with Lipschitz constant at most 1, so that it keeps a contraction a contraction.</summary>
public abstract record LatentActivation
{
    /// <summary>The hyperbolic tangent: smooth, bounded.</summary>
    public static LatentActivation Tanh { get; } = new TanhActivation();

    /// <summary><c>max(x, slope x)</c>.</summary>
    /// <param name="slope">In [0, 1], dimensionless; 0 is ReLU.</param>
    public static LatentActivation LeakyRelu(double slope = 0.1) => slope is >= 0 and <= 1
        ? new LeakyReluActivation(slope)
        : throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope must be in [0, 1].");

    /// <summary>The slope left of 0 of a LeakyReLU; null for another activation.</summary>
    internal abstract double? SlopeOfLeakyRelu { get; }

    /// <summary>Overwrites x with its activation; differentiable.</summary>
    internal abstract Tensor ApplyInPlace(Tensor x);

    /// <summary>Overwrites x with the activation of <c>x + shift</c>; differentiable.</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="shift">The shape of x.</param>
    internal abstract Tensor ApplyInPlace(Tensor x, Tensor shift);

    private sealed record TanhActivation : LatentActivation
    {
        public override string ToString() => "tanh";

        internal override double? SlopeOfLeakyRelu => null;

        internal override Tensor ApplyInPlace(Tensor x) => x.tanh_();

        internal override Tensor ApplyInPlace(Tensor x, Tensor shift) => x.add_(shift).tanh_();
    }

    private sealed record LeakyReluActivation(double Slope) : LatentActivation
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"LeakyReLU({Slope})");

        internal override double? SlopeOfLeakyRelu => Slope;

        internal override Tensor ApplyInPlace(Tensor x) => nn.functional.leaky_relu(x, Slope, inplace: true);

        internal override Tensor ApplyInPlace(Tensor x, Tensor shift) => ShiftedLeakyRelu.TryInPlace(x, shift, Slope) ? x : ApplyInPlace(x.add_(shift));
    }
}
