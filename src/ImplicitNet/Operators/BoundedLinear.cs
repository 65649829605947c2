using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x W^T / b(W)</c> with <c>b(W) >= ||W||_2</c>: a fully connected layer of operator norm at most 1.
/// </summary>
/// <remarks>
/// Preparing the weight costs at most fourteen products of n x n matrices, n the smaller side; once for each solve in training, and once
/// for all solves afterwards.
/// </remarks>
public sealed class BoundedLinear : BoundedLayer
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Linear (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Size of the input; at least 1.</param>
    /// <param name="outputs">Size of the output; at least 1.</param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is below 1, the weight would have more than 2^29 numbers, or the dtype is not supported.
    /// </exception>
    public BoundedLinear(long inputs, long outputs, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedLinear))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        _weight = Drawn([outputs, inputs], dtype);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, weight);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight) =>
        SpectralNorm.UpperBound(weight, SpectralNorm.Largest(weight.unsqueeze(0)).Estimate);

    /// <inheritdoc/>
    protected override double LargestSingularValue(Tensor weight) => SpectralNorm.LargestSingularValue(weight);
}
