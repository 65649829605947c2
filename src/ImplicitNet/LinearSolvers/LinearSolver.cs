using ImplicitNet.Differentiation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A method that solves <c>A x = b</c> for every sample of a batch: it holds options, and no state of any solve. To write a method of your
/// own, derive from <see cref="KrylovSolver"/>.
/// </summary>
public abstract record LinearSolver
{
    // Closed to other libraries: a solve ends by statuses that the loop alone gives.
    private protected LinearSolver()
    {
    }

    /// <summary>Solves for every sample until <c>||b - A x|| &lt;= Absolute + Relative ||b||</c>.</summary>
    /// <remarks>
    /// Builds no graph. A failure to converge is the status of a sample, never an exception. A sample's answer, status and products are
    /// what they would be alone (to the rounding of the kernels). Where b is zero, x is zero, at no cost.
    /// </remarks>
    /// <param name="linear">A; the caller keeps it.</param>
    /// <param name="rightSide">b: [batch, n], float32 or float64, any device; the caller keeps it.</param>
    /// <param name="tolerances">One for every sample.</param>
    /// <param name="start">
    /// x to start from: like <paramref name="rightSide"/>; the caller keeps it; default zeros, which also stand in for a sample that is not
    /// finite. A sample that meets its tolerance there returns it unchanged after one product.
    /// </param>
    /// <returns>The solution. The caller owns it.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="rightSide"/> is not such a matrix, <paramref name="start"/> is not like it, there is not one tolerance per sample or
    /// one is out of range, or a product does not have the shape and dtype of its vectors.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// The method needs products with the transpose and the operator has none, or symmetry, and it has none.
    /// </exception>
    public LinearSolution Solve(LinearOperator linear, Tensor rightSide, IReadOnlyList<LinearTolerance> tolerances, Tensor? start = null)
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return TorchMessage.Guarded(() => Run(LinearSystem.Of(linear, rightSide, tolerances, start)));
    }

    /// <summary>Solves a system that is checked, without gradients, in a dispose scope of its own.</summary>
    internal abstract LinearSolution Run(LinearSystem system);

    /// <summary>The same method with another limit of products, or with the least that it can do with.</summary>
    internal abstract LinearSolver WithMaxProducts(int products);
}
