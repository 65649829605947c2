using ImplicitNet.Differentiation;
using static TorchSharp.torch;

namespace ImplicitNet.Flows;

/// <summary>
/// <c>Weight integral |J|_F^2 / n dt</c>, J = df/du and n the numbers of a state: a field that is nearly the same everywhere along the way
/// (Finlay, Jacobsen, Nurbekyan and Oberman, ICML 2020).
/// </summary>
/// <remarks>
/// The norm is estimated by <c>|J|_F^2 = E |J^T v|^2</c> for vectors of signs, without bias (Hutchinson 1989). They are drawn once a flow
/// from torch's random state on the processor, so that the field stays one function. Of a coupled field, which is one system, J is the
/// whole Jacobian. Costs a product with the transposed Jacobian and vector at each evaluation, and in the backward pass the derivative of
/// that: f must be one that can be differentiated twice.
/// </remarks>
public sealed record FlowJacobianPenalty : FlowPenalty
{
    /// <summary>Random vectors that are averaged over; at least 1; default 1.</summary>
    public int Probes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Probes), value, "At least 1 probe is needed.");
    } = 1;

    /// <inheritdoc/>
    internal override int Vectors => Probes;

    /// <inheritdoc/>
    internal override Tensor Integrand(Tensor state, Tensor derivative, ReadOnlySpan<Tensor> vectors, bool isDifferentiated)
    {
        Tensor sum = zeros(state.shape[0], state.dtype, state.device);
        if (!derivative.requires_grad || state.numel() == 0)
        {
            return sum;
        }

        foreach (Tensor vector in vectors)
        {
            sum += MeanSquares(VectorProducts.TransposeProduct(derivative, state, vector, isDifferentiated));
        }

        return sum / Probes;
    }
}
