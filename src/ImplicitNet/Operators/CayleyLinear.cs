using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x Q^T + bias</c> with orthonormal rows or columns in Q, whichever are fewer: a fully connected layer that keeps the length of
/// what it takes, but for what a smaller output has no room for, whatever its weight is.
/// </summary>
/// <remarks>
/// The weight has a square part U and, where there is more of it, a rest V; <c>M = (I + U - U^T + V^T V)^-1</c> exists for all of them, and
/// the columns of <c>[2 M - I; -2 V M]</c> are orthonormal: the Cayley transform (Trockman and Kolter, "Orthogonalizing convolutional
/// layers with the Cayley transform", ICLR 2021). It is computed in float64 whatever the dtype and rounded once, so that a large weight
/// costs no orthogonality. A <see cref="BoundedLinear"/> is bounded too, and loses length in all directions but that of its norm. Preparing
/// the weight costs one inverse of n x n, n the smaller side, and two products; once for each solve in training, and once for all
/// afterwards.
/// </remarks>
public sealed class CayleyLinear : BoundedModule
{
    // What rounding Q to the dtype, and the factor, may add to its norm.
    private const double RoundingMargin = 1 + 1e-5;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;
    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly RememberedBound _remembered = new();

    /// <summary>Creates the layer with a normal weight of variance 1 / max(inputs, outputs) and a bias of 0.</summary>
    /// <param name="inputs">Size of the input; at least 1.</param>
    /// <param name="outputs">Size of the output; at least 1.</param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// A size is below 1, the weight would have more than 2^29 numbers, or the dtype is not supported.
    /// </exception>
    public CayleyLinear(long inputs, long outputs, ScalarType dtype = ScalarType.Float32)
        : base(nameof(CayleyLinear))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        using Tensor data = DrawnWeight.Uninitialized(
            "a Cayley layer", [outputs, inputs], dtype, ScalarType.Float32, ScalarType.Float64);
        using Tensor zero = zeros(outputs, dtype);
        _weight = new Parameter(data);
        _bias = new Parameter(zero);
        _weight.DetachFromDisposeScope();
        _bias.DetachFromDisposeScope();
        nn.init.normal_(_weight, 0, 1 / Math.Sqrt(Math.Max(inputs, outputs)));
        RegisterComponents();
    }

    /// <summary>
    /// U above V, or beside it where there are more inputs than outputs: [outputs, inputs]. Other values may be written into it.
    /// </summary>
    public Parameter Weight => _weight;

    /// <summary>The bias: [outputs].</summary>
    public Parameter Bias => _bias;

    /// <inheritdoc/>
    public override long Inputs => _weight.shape[1];

    /// <inheritdoc/>
    public override long Outputs => _weight.shape[0];

    /// <inheritdoc/>
    public override ResidualNorm Norm => ResidualNorm.L2;

    /// <inheritdoc/>
    internal override Tensor Reference => _weight;

    /// <summary>
    /// Q, but for the margin of 1e-5 that keeps its norm below 1 when it is rounded: [outputs, inputs], in the graph of the weight and
    /// differentiable; NaN where the weight is not finite. The caller owns it.
    /// </summary>
    public Tensor OrthogonalWeight() => ScaledWeight(1);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Forward(input);

    /// <inheritdoc/>
    internal override double CertifyNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();

        // The last factor covers the rounding of a decomposition in float64.
        return _bias.isfinite().all().ToBoolean()
            ? SpectralNorm.LargestSingularValue(ScaledWeight(factor).to(ScalarType.Float64)) * (1 + 1e-11)
            : double.NaN;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<Tensor> Prepare(double factor) => [ScaledWeight(factor), _bias.alias()];

    /// <inheritdoc/>
    internal override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next)
    {
        (Tensor weight, Tensor bias) = (prepared[next], prepared[next + 1]);
        next += 2;
        return nn.functional.linear(input, weight, bias);
    }

    /// <inheritdoc/>
    internal override string? Wanted(long[] input) =>
        input.Length >= 2 && input[^1] == Inputs ? null : $"[batch, ..., {Inputs}]";

    /// <inheritdoc/>
    internal override long[] ShapeOf(long[] input) => [.. input[..^1], Outputs];

    private Tensor ScaledWeight(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor orthogonal = is_grad_enabled() && _weight.requires_grad ? Transform(_weight) : _remembered.Of(_weight, Transform);
        return (orthogonal * (factor / RoundingMargin)).to(_weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Q in float64.</summary>
    private static Tensor Transform(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        bool isWide = weight.shape[0] < weight.shape[1];
        Tensor tall = (isWide ? weight.t() : weight).to(ScalarType.Float64);
        long size = tall.shape[1];
        (Tensor square, Tensor rest) = (tall.narrow(0, 0, size), tall.narrow(0, size, tall.shape[0] - size));
        Tensor one = eye(size, dtype: ScalarType.Float64, device: tall.device), whole = one + square - square.t() + rest.t().mm(rest);
        if (!whole.isfinite().all().ToBoolean())
        {
            return full_like(weight, double.NaN, ScalarType.Float64).MoveToOuterDisposeScope();
        }

        Tensor inverse = linalg.inv(whole);
        Tensor orthogonal = cat([(inverse * 2) - one, rest.mm(inverse) * -2], 0);
        return (isWide ? orthogonal.t().contiguous() : orthogonal).MoveToOuterDisposeScope();
    }
}
