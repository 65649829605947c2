using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A method that solves <c>A x = b</c> for every sample of a batch: its options, and nothing of any solve.
/// </summary>
public abstract record LinearSolver
{
    /// <summary>Solves for every sample until <c>||b - A x|| &lt;= tolerance ||b||</c>, from x = 0.</summary>
    /// <remarks>Builds no graph. Failure of the mathematics is a status of a sample, never an exception.</remarks>
    /// <param name="linear">A; stays the caller's.</param>
    /// <param name="rightSide">b: [batch, n], float32 or float64, any device; stays the caller's.</param>
    /// <param name="tolerances">One for every sample, in [0, 1), dimensionless.</param>
    /// <returns>The solution. The caller owns it.</returns>
    /// <exception cref="ArgumentException"><paramref name="rightSide"/> is no such matrix, or the tolerances are not one a row.</exception>
    public abstract LinearSolution Solve(LinearOperator linear, Tensor rightSide, IReadOnlyList<double> tolerances);
}
