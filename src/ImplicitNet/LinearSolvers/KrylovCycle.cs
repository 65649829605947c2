using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A method at work, from residuals r of norm 1 to corrections c with <c>||r - A c||</c> small: every row by itself. It
/// knows nothing of tolerances, limits or statuses; those live in the one loop, <see cref="LinearRun"/>.
/// </summary>
internal abstract class KrylovCycle : IDisposable
{
    /// <summary>Takes one product for every row.</summary>
    /// <param name="linear">The operators of the rows.</param>
    /// <returns>Where every row stands now.</returns>
    public abstract KrylovStep[] Step(LinearOperator linear);

    /// <summary>The best corrections so far of some rows: [count, n]. The caller owns it.</summary>
    public abstract Tensor Corrections(IReadOnlyList<int> rows);

    /// <summary>
    /// The norm that the recurrence gives for the residual of a row's best correction, and how far it may be from the true
    /// one; infinity where that is not known.
    /// </summary>
    public abstract (double Residual, double Drift) Reached(int row);

    /// <summary>Goes on with some rows only.</summary>
    public abstract void Restrict(IReadOnlyList<int> rows);

    /// <summary>Releases the tensors of the cycle.</summary>
    public abstract void Dispose();
}
