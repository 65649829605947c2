using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Networks;

/// <summary>
/// Where the solve of a layer starts. The fixed point of a contraction does not depend on it; the answer of another map may.
/// </summary>
public abstract record StartingPoint
{
    /// <summary>The operator's own start, <see cref="Operators.LatentOperator.StartingLatent"/>: the default.</summary>
    public static StartingPoint Operator { get; } = new OperatorStart();

    /// <summary>A start of zeros.</summary>
    public static StartingPoint Zero { get; } = new ZeroStart();

    /// <summary>Any other start, for example one found earlier and kept in a <see cref="LatentCache"/>.</summary>
    /// <param name="start">Computes the start, like <see cref="Of"/>.</param>
    public static StartingPoint From(Func<Tensor, Tensor> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return new ComputedStart(start);
    }

    /// <summary>The start of a batch.</summary>
    /// <param name="own">The operator's own start: [batch, ...]; not changed.</param>
    /// <returns>
    /// The shape, dtype and device of <paramref name="own"/>; it may be that tensor. Released with the call's other tensors.
    /// </returns>
    public abstract Tensor Of(Tensor own);

    /// <summary>The start of a batch, which must be like the operator's own.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    internal Tensor Checked(Tensor own)
    {
        Tensor start = Of(own);
        TensorCheck.EnsureBatch(start, nameof(start), "The start");
        return start.shape.AsSpan().SequenceEqual(own.shape) && start.dtype == own.dtype && TensorCheck.IsOnDeviceOf(start, own)
            ? start
            : throw new ArgumentException(
                $"The start must be like the operator's own, {TensorCheck.Describe(own)} on {own.device}. "
                + $"Given: {TensorCheck.Describe(start)} on {start.device}.",
                nameof(own));
    }

    private sealed record OperatorStart : StartingPoint
    {
        public override Tensor Of(Tensor own) => own;
    }

    private sealed record ZeroStart : StartingPoint
    {
        public override Tensor Of(Tensor own) => zeros_like(own);
    }

    private sealed record ComputedStart(Func<Tensor, Tensor> Start) : StartingPoint
    {
        public override Tensor Of(Tensor own) => Start(own);
    }
}
