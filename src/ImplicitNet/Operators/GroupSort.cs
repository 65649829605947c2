using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The larger of each pair of numbers, then the smaller: the activation that loses no length, <c>||f(x) - f(y)|| &lt;= ||x - y||</c> with a
/// Jacobian that is a permutation (Anil, Lucas and Grosse, "Sorting out Lipschitz function approximation", ICML 2019, in groups of two).
/// </summary>
/// <remarks>
/// Number i of the first half and number i of the second are a pair. It moves numbers and computes none, so that it is exact in every
/// dtype. It is no <see cref="LatentActivation"/>: it looks at two elements.
/// </remarks>
public sealed class GroupSort : nn.Module<Tensor, Tensor>, ILipschitz
{
    /// <summary>Creates the activation.</summary>
    public GroupSort()
        : base(nameof(GroupSort))
    {
    }

    /// <inheritdoc/>
    public double CertifyLipschitz() => 1;

    /// <summary>Sorts the pairs.</summary>
    /// <param name="input">[batch, ..., n], n even and above 0.</param>
    /// <returns>The shape of the input. The caller owns it.</returns>
    /// <exception cref="ArgumentException">n is odd or 0.</exception>
    public override Tensor forward(Tensor input)
    {
        TensorCheck.EnsureBatch(input, nameof(input), "The input");
        if (input.ndim < 2 || input.shape[^1] == 0 || input.shape[^1] % 2 != 0)
        {
            throw new ArgumentException(
                $"The input must be [batch, ..., n], n even and above 0. Given: {TensorCheck.Describe(input)}.", nameof(input));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor[] halves = input.chunk(2, -1);
        return cat([maximum(halves[0], halves[1]), minimum(halves[0], halves[1])], -1).MoveToOuterDisposeScope();
    }
}
