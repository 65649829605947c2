using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// GMRES, restarted: the vector of least residual in the space of <c>b, A b, A^2 b, ...</c>, for every sample by itself
/// (Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 1986).
/// </summary>
/// <remarks>
/// Every sample has its own basis, breakdown and end; once it has ended nothing about it changes; it leaves the products
/// when a 32nd of the batch has ended, and the basis when half has. The basis is made orthogonal by two passes of Gram-Schmidt with block products,
/// which keep it so to rounding (Giraud, Langou and Rozloznik, 2005) at two kernels a pass, where modified Gram-Schmidt
/// would take two for every vector. Exact after n products for a regular operator when <see cref="Restart"/> is at
/// least n; a restart may stagnate where the operator is far from positive. Costs one product for every direction and one for
/// every restart; holds <c>Restart + 4</c> copies of the vectors.
/// </remarks>
public sealed record GmresSolver : LinearSolver
{
    /// <summary>Directions after which the basis is given up for a new one; at least 1; default 30.</summary>
    public int Restart
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Restart), value, "GMRES needs at least 1 direction before a restart.");
    } = 30;

    /// <summary>Products after which a solve is given up; at least 1; default 90.</summary>
    public int MaxProducts
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxProducts), value, "The limit of products must be at least 1.");
    } = 90;

    /// <inheritdoc/>
    public override LinearSolution Solve(LinearOperator linear, Tensor rightSide, IReadOnlyList<double> tolerances)
    {
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(rightSide);
        ArgumentNullException.ThrowIfNull(tolerances);
        if (rightSide.ndim != 2 || rightSide.dtype is not (ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException(
                $"b must be [batch, n] in float32 or float64. It is [{string.Join(", ", rightSide.shape)}] in {rightSide.dtype}.", nameof(rightSide));
        }

        if (tolerances.Count != rightSide.shape[0] || tolerances.Any(tolerance => tolerance is not (>= 0 and < 1)))
        {
            throw new ArgumentException($"There must be a tolerance in [0, 1) for each of {rightSide.shape[0]} samples.", nameof(tolerances));
        }

        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using GmresRun run = new(linear, rightSide, tolerances);
        int products = 0;
        if (run.Begin())
        {
            products += run.Cycle(Math.Min(Restart, MaxProducts));
        }

        // A restart takes one product for the residual, and is no use without another.
        while (products + 2 <= MaxProducts && run.BeginAgain())
        {
            products++;
            products += run.Cycle(Math.Min(Restart, MaxProducts - products));
        }

        return new LinearSolution(run.Take(), run.Reports);
    }
}
