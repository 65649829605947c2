using ImplicitNet.LinearSolvers;
using ImplicitNet.Solvers.QuasiNewton;

namespace ImplicitNet.Solvers;

/// <summary>
/// <c>J v</c> to rounding, as the derivative of <c>w -> J^T w</c>, which is linear in w, along v: for maps whose
/// operations autograd can differentiate twice.
/// </summary>
/// <remarks>
/// A linearization is one evaluation, with its graph, and two backward passes; every product is one pass through the graph of the second,
/// or, with the transpose, of the first. One evaluation of every sample is counted for the linearization and one for every product, which
/// is what they cost to within a factor of two. A graph covers all the samples that it was built for: those whose linear solve has ended
/// still cost as much as before, until a new linearization of the others alone would cost no more than they have. Holds the graph of two
/// layers.
/// <para>
/// A map whose result has no graph back to u, although its value depends on u, is refused by an <see cref="InvalidOperationException"/>:
/// its products would all be zero. Use <see cref="FiniteDifferenceProduct"/> for such a map. Where torch has no second derivative of an
/// operation (sampling on a grid, distances, fused attention), J v is the difference quotient of the map instead, and
/// <see cref="SolveReport.JacobianByDifferences"/> says so; products with the transpose are still those of autograd. A map that cuts only a
/// part of its graph cannot be told from one that does not; Newton's method is then slow.
/// </para>
/// </remarks>
public sealed record DoubleBackwardProduct : JacobianProduct
{
    private const string Advice =
        $"Take new {nameof(NewtonKrylovSolver)} {{ {nameof(NewtonKrylovSolver.Product)} = new {nameof(FiniteDifferenceProduct)}() }}.";

    internal override LinearOperator Linearize(IterateRows rows) =>
        new Linearization(rows.Map, rows.Restore(rows.Latent), Advice) { TakesDifferences = true };
}
