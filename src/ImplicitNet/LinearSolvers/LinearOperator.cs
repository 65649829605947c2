using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// One linear map <c>v -> A v</c> for every sample of a batch, known only by its products. Sample <c>i</c> of a product depends on sample
/// <c>i</c> of the vectors only.
/// </summary>
public abstract class LinearOperator : IDisposable
{
    /// <summary>One product for every sample.</summary>
    /// <param name="vectors">v: [batch, n]; not changed.</param>
    /// <returns><c>A v</c>: the shape, dtype and device of <paramref name="vectors"/>. The caller owns it.</returns>
    public abstract Tensor Apply(Tensor vectors);

    /// <summary>One product with the transpose for every sample.</summary>
    /// <param name="vectors">v: [batch, n]; not changed.</param>
    /// <returns><c>A^T v</c>: the shape, dtype and device of <paramref name="vectors"/>. The caller owns it.</returns>
    /// <exception cref="NotSupportedException">The operator has no such products.</exception>
    public abstract Tensor ApplyTransposed(Tensor vectors);

    /// <summary>The operators of some samples, in the order given.</summary>
    /// <param name="samples">Positions in the batch: [count], int64, on the device of the vectors.</param>
    /// <returns>An operator for a batch of <c>count</c>. The caller owns it; it must not outlive this one.</returns>
    public abstract LinearOperator Restrict(Tensor samples);

    /// <summary>
    /// By how much <c>&lt;x, A y&gt;</c> and <c>&lt;A x, y&gt;</c> may differ by rounding, as a share of the lengths of both products, x
    /// and y of length 1; null where A is known to be symmetric, and nothing has to be tried.
    /// </summary>
    /// <param name="dtype">Of the vectors.</param>
    internal virtual double? SymmetryTolerance(ScalarType dtype) => Precision.Of(dtype).Asymmetry;

    /// <summary>Releases the tensors that the operator owns.</summary>
    public abstract void Dispose();
}
