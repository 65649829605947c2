using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// A term of the loss that is an integral along a flow, which makes it easier to follow: <see cref="KineticPenalty"/>,
/// <see cref="FlowJacobianPenalty"/> (Finlay, Jacobsen, Nurbekyan and Oberman, ICML 2020).
/// </summary>
/// <remarks>
/// It is a number more of every sample, 0 at the start, that is integrated along with the state by the same steps. Steps are chosen by the
/// state alone, which is the same to the bit as without it; the gradient of the flow goes through both. Over an interval that is followed
/// backward it is counted backward, too, and so is below 0.
/// </remarks>
public abstract record FlowPenalty
{
    private protected FlowPenalty()
    {
    }

    /// <summary>Factor of the term; above 0 and finite; default 0.01.</summary>
    public double Weight
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Weight), value, "The weight must be a finite number above 0.");
    } = 0.01;

    /// <summary>Random vectors that it is estimated by; 0: it is no estimate.</summary>
    internal abstract int Vectors { get; }

    /// <summary>What is integrated, without the weight.</summary>
    /// <param name="state">u: [batch, ...]; in a graph that leads to the derivative, where there are vectors.</param>
    /// <param name="derivative">f(t, u), the shape of the state.</param>
    /// <param name="vectors">As many as <see cref="Vectors"/>, each in the shape of the state.</param>
    /// <param name="isDifferentiated">Whether what is returned is to be differentiated.</param>
    /// <returns>[batch]. In the caller's scope.</returns>
    internal abstract Tensor Integrand(Tensor state, Tensor derivative, ReadOnlySpan<Tensor> vectors, bool isDifferentiated);

    /// <summary>The mean square of every row: of as many numbers as a sample has.</summary>
    private protected static Tensor MeanSquares(Tensor values)
    {
        long batch = values.shape[0], size = values.shape[1..].Aggregate(1L, (product, side) => product * side);
        return values.reshape(batch, size).square().sum(1) / Math.Max(1, size);
    }
}
