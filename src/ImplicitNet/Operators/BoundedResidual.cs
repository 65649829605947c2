using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> (1 - share) x + share f(x)</c>, f bounded by 1: what is passed on and what is changed, averaged, so that both together are
/// bounded by <c>(1 - share) + share = 1</c>.
/// </summary>
/// <remarks>
/// The sum <c>x + f(x)</c> of an ordinary residual block is bounded by 2 only, and no factor below 1 can be had of it. In a contraction,
/// gamma multiplies both terms. Averaging a whole operator, <c>(1 - b) u + b R(u, q)</c>, changes no fixed point: that is
/// <see cref="PicardSolver.Damping"/>, and contracts by <c>(1 - b) + b gamma</c>.
/// </remarks>
public sealed class BoundedResidual : BoundedModule
{
    // As for weights: what is passed on is rounded to the dtype once.
    private const double RoundingMargin = 1e-5;

    [ComponentName(Name = "inner")]
    private readonly BoundedModule _inner;

    /// <summary>Creates the block.</summary>
    /// <param name="inner">f; gives what it takes. Owned from now on.</param>
    /// <param name="share">The share of f: above 0, at most 1; default 0.5, dimensionless.</param>
    /// <exception cref="ArgumentException">f does not give as many channels as it takes.</exception>
    public BoundedResidual(BoundedModule inner, double share = 0.5)
        : base(nameof(BoundedResidual))
    {
        ArgumentNullException.ThrowIfNull(inner);
        if (share is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share of what is changed must be in (0, 1].");
        }

        if (inner.Inputs != inner.Outputs)
        {
            throw new ArgumentException(
                $"What is added must be like what it is added to. It takes {inner.Inputs} channels and gives {inner.Outputs}.",
                nameof(inner));
        }

        _inner = inner;
        Share = share;
        RegisterComponents();
    }

    /// <summary>The share of f.</summary>
    public double Share { get; }

    /// <inheritdoc/>
    public override long Inputs => _inner.Inputs;

    /// <inheritdoc/>
    public override long Outputs => _inner.Outputs;

    /// <inheritdoc/>
    public override ResidualNorm Norm => _inner.Norm;

    /// <inheritdoc/>
    internal override bool HasMovingNorm => _inner.HasMovingNorm;

    /// <inheritdoc/>
    internal override Tensor Reference => _inner.Reference;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Forward(input);

    /// <inheritdoc/>
    internal override double CertifyNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        return Passed(factor).to(ScalarType.Float64).ToDouble() + (Share * _inner.CertifyNorm(factor));
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<Tensor> Prepare(double factor) => [Passed(factor), .. _inner.Prepare(factor)];

    /// <inheritdoc/>
    internal override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor passed = input * prepared[next++];
        return passed.add_(_inner.Propagate(input, prepared, ref next), alpha: Share).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override string? Wanted(long[] input) => _inner.Wanted(input)
        ?? (_inner.ShapeOf(input) is var made && made.AsSpan().SequenceEqual(input)
            ? null
            : $"of a size that the block keeps: of {TensorCheck.Sizes(input)} it makes {TensorCheck.Sizes(made)}");

    /// <inheritdoc/>
    internal override long[] ShapeOf(long[] input) => input;

    /// <summary>The factor of what is passed on, in the dtype of the weights: [].</summary>
    private Tensor Passed(double factor)
    {
        double margin = Math.Max(RoundingMargin, 2 * Precision.Of(Reference.dtype).Roundoff);
        return full([], (1 - Share) * factor / (1 + margin), Reference.dtype, Reference.device);
    }
}
