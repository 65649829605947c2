using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x S^T</c> with <c>S = (W - W^T) / (2 b)</c> and b at least the norm of <c>(W - W^T) / 2</c>: a fully connected layer that is
/// skew-symmetric, <c>&lt;x, S x&gt; = 0</c>, and of operator norm at most 1.
/// </summary>
/// <remarks>
/// S as it is applied is skew to the last bit: subtraction rounds both signs alike. Preparing it costs what <see cref="BoundedLinear"/>
/// costs.
/// </remarks>
public sealed class SkewLinear : BoundedLayer
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <summary>Creates the layer with W drawn as in torch.nn.Linear (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="size">n, the size of inputs and outputs; at least 1.</param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// The size is below 1, the weight would have more than 2^29 numbers, or the dtype is not supported.
    /// </exception>
    public SkewLinear(long size, ScalarType dtype = ScalarType.Float32)
        : base(nameof(SkewLinear))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        _weight = Drawn([size, size], dtype);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    internal override Tensor ScaledWeight(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        return SkewPart(base.ScaledWeight(factor)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, weight);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor skew = SkewPart(weight);
        return SpectralNorm.UpperBound(skew, SpectralNorm.Largest(skew.detach().unsqueeze(0)).Estimate).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => SpectralNorm.LargestSingularValue(weight);

    // Half of both, so that nothing overflows; a division by 2 is exact but for underflow, which is alike in both signs.
    private static Tensor SkewPart(Tensor weight) => (weight / 2) - (weight.t() / 2);
}
