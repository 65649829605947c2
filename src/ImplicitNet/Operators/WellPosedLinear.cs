using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x A^T</c> with A within a limit in the maximum norm, weighted or not: the layer of implicit deep learning (El Ghaoui et al.
/// 2019), which in a <see cref="ContractionOperator"/> makes <c>u = act(A u + q)</c> well-posed.
/// </summary>
/// <remarks>
/// The limit is part of the layer, in the graph, not a correction after each step: gradients are those of A as it is applied. It is gamma
/// in a contraction and 1 otherwise, and A is the weight itself where that is within it. A contraction in such a norm may be longer than 1
/// in L2: bounds of gradient certificates take no factor from it.
/// </remarks>
public sealed class WellPosedLinear : BoundedLayer
{
    // Covers the rounding of a decomposition in float64.
    private const double EuclideanRounding = 1 + 1e-11;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    private readonly RememberedBound _remembered = new();

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Linear (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="size">n, the size of inputs and outputs; at least 1.</param>
    /// <param name="condition">How the weight is kept within the limit; default <see cref="WellPosedness.RowSums"/>.</param>
    /// <param name="dtype">Dtype of the weight: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// The size is below 1, the weight would have more than 2^29 numbers, or the dtype is not supported.
    /// </exception>
    public WellPosedLinear(long size, WellPosedness? condition = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(WellPosedLinear))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Condition = condition ?? WellPosedness.RowSums;
        _weight = Drawn([size, size], dtype);
        RegisterComponents();
    }

    /// <summary>How the weight is kept within the limit.</summary>
    public WellPosedness Condition { get; }

    /// <inheritdoc/>
    public override Parameter Weight => _weight;

    /// <summary>
    /// The norm in which the layer is bounded: the maximum, or that with the weights 1 / d of the weight as it is now.
    /// </summary>
    public override ResidualNorm Norm
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            return Condition.Norm(Condition.Vectors(_weight, _remembered));
        }
    }

    /// <inheritdoc/>
    internal override bool HasMovingNorm => Condition.HasMovingNorm;

    /// <inheritdoc/>
    internal override Tensor ScaledWeight(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        return Condition.Limited(_weight, Condition.Vectors(_weight, _remembered), factor).alias().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override double CertifyEuclideanNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return SpectralNorm.LargestSingularValue(ScaledWeight(factor).to(ScalarType.Float64)) * EuclideanRounding;
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor input, Tensor weight) => nn.functional.linear(input, weight);

    /// <inheritdoc/>
    protected override Tensor UpperBound(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor bound = Condition.Bound(weight.to(ScalarType.Float64), Condition.Vectors(_weight, _remembered));
        return bound.max().reshape(1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>The largest row sum of <c>D^-1 |A| D</c>, summed in float64 for A as it is applied.</remarks>
    protected override double LargestSingularValue(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor magnitudes = weight.abs();
        Tensor? vectors = Condition.Vectors(_weight, _remembered);
        Tensor scaled = vectors is null ? magnitudes : magnitudes * vectors[0] / vectors[0].unsqueeze(1);
        return scaled.sum(1).max().ToDouble();
    }
}
