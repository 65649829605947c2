using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A linear layer without bias whose operator norm is at most 1 by construction: the weight is divided by a rigorous
/// upper bound of its norm, in the graph, so that gradients are those of the layer as it is applied.
/// </summary>
/// <remarks>
/// To write a layer of your own, supply the weight, the product with it, a bound, and a certificate computed in a different way.
/// </remarks>
public abstract class BoundedLayer : BoundedModule
{
    // The bound is computed in float32 or float64; this covers its rounding (float32: about 1e-6), so that a certificate in
    // float64 never exceeds the factor declared.
    private const double RoundingMargin = 1 + 1e-5;

    // The least bound that a weight is divided by: the derivative of W / b(W) is of the order of 1 / ||W||, without limit as W
    // nears zero. A twelfth of the norm that a weight is drawn with, about 1.2 whatever its sizes.
    private const double LeastBound = 0.1;

    // For messages.
    private const string Words = "a bounded layer";

    // An element above this is scaled down first, so that no square of a symbol overflows in float32.
    private const double LargestElement = 1 << 20;

    private static readonly ScalarType[] Dtypes =
        [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];

    private readonly RememberedBound _remembered = new();

    /// <summary>Creates the layer under a module name.</summary>
    protected BoundedLayer(string name)
        : base(name)
    {
    }

    /// <summary>
    /// W, as it is trained; the layer's one parameter. Other values to begin with are written into it, as by
    /// <c>nn.init.orthogonal_(layer.Weight)</c>, or without gradients by <c>layer.Weight.copy_(values)</c>; their length counts for nothing
    /// above a norm of 0.1, which the layer divides by.
    /// </summary>
    public abstract Parameter Weight { get; }

    /// <summary>Channels of an input: the second side of the weight, unless overridden.</summary>
    public override long Inputs => Weight.shape[1];

    /// <summary>Channels of an output: the first side of the weight, unless overridden.</summary>
    public override long Outputs => Weight.shape[0];

    /// <summary>
    /// The norm of inputs and outputs, over one sample, in which the layer is bounded; L2 unless overridden. A bound and a certificate of
    /// your own are of the operator norm in it.
    /// </summary>
    public override ResidualNorm Norm => ResidualNorm.L2;

    /// <summary>
    /// By how many times the Frobenius norm of an error in the weight the operator norm can change: the side of the kernel for a
    /// convolution (a sum over its pixels), and 1, the default, for a matrix.
    /// </summary>
    protected virtual double ErrorSpread => 1;

    /// <summary>
    /// The weight divided by the bound of its norm, or by 0.1 if that is larger, so that a weight near zero, which has no direction yet,
    /// gives a small operator and a gradient of ordinary size. It is in the graph and differentiable. Without gradients, the last bound is
    /// reused while the weight is unchanged. In float16 and bfloat16 the bound is that of the rounded weight. The caller owns it.
    /// </summary>
    public Tensor NormalizedWeight() => ScaledWeight(1);

    /// <summary>Applies the layer with a weight prepared by <see cref="NormalizedWeight"/>, possibly scaled.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <param name="weight">The prepared weight.</param>
    /// <returns>A new tensor, [batch, ...]. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The layer does not take such inputs, or its weight has a different shape.</exception>
    public Tensor Apply(Tensor input, Tensor weight)
    {
        EnsureFits(input, nameof(input), "The input");
        TensorCheck.EnsureBatch(weight, nameof(weight), "The weight");
        if (!weight.shape.AsSpan().SequenceEqual(Weight.shape))
        {
            throw new ArgumentException(
                $"The layer's weight is {TensorCheck.Describe(Weight)}. Given: {TensorCheck.Describe(weight)}.", nameof(weight));
        }

        TensorCheck.EnsureLike(input, weight, nameof(input), "The input");
        return Applied(input, weight);
    }

    // What the checks let through and torch refuses, such as an input made in inference mode where a graph is recorded.
    private Tensor Applied(Tensor input, Tensor weight) => TorchMessage.Guarded(
        (Layer: this, Input: input, Weight: weight),
        static given => given.Layer.Compute(given.Input, given.Weight),
        static (given, said) => new ArgumentException(
            $"{given.Layer.GetName()} cannot take {TensorCheck.Describe(given.Input)}: {said}", nameof(input)));

    /// <summary>The layer's product with a prepared weight: linear in both.</summary>
    /// <param name="input">[batch, ...], checked.</param>
    /// <param name="weight">In the shape of <see cref="Weight"/>.</param>
    /// <returns>A new tensor, [batch, ...], differentiable. The caller owns it.</returns>
    protected abstract Tensor Compute(Tensor input, Tensor weight);

    /// <inheritdoc/>
    internal sealed override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next) =>
        Compute(input, prepared[next++]);

    /// <summary>Whether a shape is that of inputs with this many channels; by default the last side is compared.</summary>
    protected virtual bool Fits(long[] shape, long width) => shape.Length >= 2 && shape[^1] == width;

    /// <summary>Such shapes as text, for a message.</summary>
    protected virtual string Shape(long width) => $"[batch, ..., {width}]";

    /// <summary>
    /// The shape of an output: by default that of the input where it has as many channels, else with its last side in their number.
    /// </summary>
    /// <param name="input">Of an input that fits: [batch, ...].</param>
    protected virtual long[] OutputShape(long[] input) => Inputs == Outputs ? input : [.. input[..^1], Outputs];

    /// <inheritdoc/>
    internal sealed override string? Wanted(long[] input) => Fits(input, Inputs) ? null : Shape(Inputs);

    /// <inheritdoc/>
    internal sealed override long[] ShapeOf(long[] input) => OutputShape(input);

    /// <inheritdoc/>
    internal sealed override Tensor Reference => Weight;

    /// <inheritdoc/>
    internal sealed override IReadOnlyList<Tensor> Prepare(double factor) => [ScaledWeight(factor)];

    /// <inheritdoc/>
    public sealed override Tensor forward(Tensor input)
    {
        EnsureFits(input, nameof(input), "The input");
        TensorCheck.EnsureLike(input, Weight, nameof(input), "The input");
        using Tensor weight = NormalizedWeight();
        return Applied(input, weight);
    }

    /// <summary><see cref="NormalizedWeight"/> times a factor, rounded to the weight's dtype once.</summary>
    /// <param name="factor">Above 0.</param>
    internal virtual Tensor ScaledWeight(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = is_grad_enabled() && Weight.requires_grad ? Bound(Weight) : _remembered.Of(Weight, Bound);
        double margin = RoundingMargin / (1 - Math.Min(0.5, Underflow / factor));
        bool isHalf = value.dtype != Weight.dtype;
        Tensor normalized = (isHalf ? Weight.to(value.dtype) : Weight) / (value * margin);
        Tensor scaled = factor == 1 ? normalized : normalized * factor;
        return (isHalf ? scaled.to(Weight.dtype) : scaled).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal sealed override double CertifyNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();

        // The last factor covers the rounding of a decomposition in float64.
        return LargestSingularValue(ScaledWeight(factor).to(ScalarType.Float64)) * (1 + 1e-11);
    }

    /// <summary>
    /// An upper bound of the norm of <see cref="Compute"/> with a weight, in the weight's graph, by which the weight is divided. It scales
    /// with the weight, and is rigorous up to the rounding of its dtype, which a margin of 1e-5 covers.
    /// </summary>
    /// <param name="weight">In float32 or float64, its largest element at most 2^20.</param>
    /// <returns>[1]. The caller owns it.</returns>
    protected abstract Tensor UpperBound(Tensor weight);

    /// <summary>
    /// An upper bound of the norm of <see cref="Compute"/> with a weight, found in a different way from <see cref="UpperBound"/>: the
    /// certificate.
    /// </summary>
    /// <param name="weight">In float64, as it is applied.</param>
    /// <returns>Dimensionless; NaN where an element is not finite.</returns>
    protected abstract double LargestSingularValue(Tensor weight);

    /// <inheritdoc cref="DrawnWeight.Uninitialized"/>
    private protected static Tensor Uninitialized(long[] shape, ScalarType dtype) =>
        DrawnWeight.Uninitialized(Words, shape, dtype, Dtypes);

    /// <inheritdoc cref="DrawnWeight.Of"/>
    private protected static Parameter Drawn(long[] shape, ScalarType dtype) => DrawnWeight.Of(Words, shape, dtype, Dtypes);

    /// <summary>
    /// At most what rounding to float16 adds to the norm where elements underflow; 0 for dtypes whose range is that of float32.
    /// </summary>
    private double Underflow => Precision.Of(Weight.dtype).Underflow * ErrorSpread * Math.Sqrt(Weight.numel());

    /// <summary>
    /// What the weight is divided by: at least the bound of its norm, and at least <see cref="LeastBound"/>; [1], in its graph.
    /// </summary>
    private Tensor Bound(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Precision precision = Precision.Of(weight.dtype);
        bool isHalf = weight.dtype != precision.Working;
        Tensor working = isHalf ? weight.to(precision.Working) : weight;
        double largest = Largest(working);
        if (largest * working.numel() <= LeastBound / 2)
        {
            // The norm is at most the sum of all elements: nothing to be computed, and nothing that underflows.
            return full([1], LeastBound, working.dtype, working.device).MoveToOuterDisposeScope();
        }

        double scale = largest > LargestElement && double.IsFinite(largest) ? Math.ScaleB(1, Math.ILogB(largest)) : 1;
        Tensor scaled = scale == 1 ? working : working / scale;
        Tensor bound = UpperBound(scaled);
        if (isHalf)
        {
            bound = bound + (precision.Roundoff * ErrorSpread * linalg.vector_norm(scaled));
        }

        Tensor least = bound.clamp_min(LeastBound / scale);
        return (scale == 1 ? least : least * scale).MoveToOuterDisposeScope();
    }

    private static double Largest(Tensor weight)
    {
        using IDisposable noGraph = no_grad();
        return linalg.vector_norm(weight, double.PositiveInfinity).ToDouble();
    }
}
