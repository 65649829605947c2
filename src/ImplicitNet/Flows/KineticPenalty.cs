using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// <c>Weight integral |f(t, u)|^2 / n dt</c>, n the numbers of a state: short and straight ways, which take fewer steps (Finlay, Jacobsen,
/// Nurbekyan and Oberman, ICML 2020). Costs no evaluation.
/// </summary>
public sealed record KineticPenalty : FlowPenalty
{
    /// <inheritdoc/>
    internal override int Vectors => 0;

    /// <inheritdoc/>
    internal override Tensor Integrand(Tensor state, Tensor derivative, ReadOnlySpan<Tensor> vectors, bool isDifferentiated) =>
        MeanSquares(derivative);
}
