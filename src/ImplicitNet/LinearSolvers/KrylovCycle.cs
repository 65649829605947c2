using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// One run of a Krylov method, from residuals r of norm 1 to corrections c with <c>||r - A c||</c> small, every row by itself. It knows
/// nothing of tolerances, limits or statuses; the loop around it handles those.
/// </summary>
/// <remarks>
/// Tensors kept from one step to the next must leave the dispose scope of the step: <c>DetachFromDisposeScope()</c>.
/// </remarks>
public abstract class KrylovCycle : IDisposable
{
    /// <summary>Takes one product for every row, with A or with its transpose.</summary>
    /// <param name="linear">The operators of the rows; products are counted.</param>
    /// <returns>Where every row stands now: one entry per row.</returns>
    public abstract KrylovStep[] Step(LinearOperator linear);

    /// <summary>The best corrections so far of some rows, finite wherever a finite one is known.</summary>
    /// <param name="rows">Positions among the rows as they are now.</param>
    /// <returns>[count, n], in the order of <paramref name="rows"/>. The caller owns it.</returns>
    public abstract Tensor Corrections(IReadOnlyList<int> rows);

    /// <summary>
    /// The norm that the recurrence gives for the residual of a row's best correction, and how far it may be from the true
    /// one; infinity where that is not known.
    /// </summary>
    /// <param name="row">Position among the rows as they are now.</param>
    public abstract (double Residual, double Drift) Reached(int row);

    /// <summary>Goes on with some rows only, in the order given.</summary>
    /// <param name="rows">Positions among the rows as they are now.</param>
    public abstract void Restrict(IReadOnlyList<int> rows);

    /// <summary>Releases the tensors of the cycle.</summary>
    public abstract void Dispose();
}
