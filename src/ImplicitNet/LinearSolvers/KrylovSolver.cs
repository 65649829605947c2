using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A linear solver that makes one product after the other. It says how a cycle begins, from a residual to a correction; when to stop,
/// what ends how, what is kept and who leaves the batch is the one loop's.
/// </summary>
/// <remarks>
/// The loop gives a cycle the residuals of x, each of norm 1, and adds the corrections it finds to x, those alone that make a residual
/// less. Then it begins the next cycle, from the residuals that are left.
/// </remarks>
public abstract record KrylovSolver : LinearSolver
{
    private readonly int _stepProducts;
    private readonly bool _isDrifting;

    /// <summary>A method.</summary>
    /// <param name="stepProducts">Products until the residual is less: 2 for one that takes turns; at least 1.</param>
    /// <param name="isDrifting">
    /// Whether the residual of the recurrence is not to be relied on; then a product is set aside to measure the true one.
    /// </param>
    protected KrylovSolver(int stepProducts = 1, bool isDrifting = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepProducts, 1);
        (_stepProducts, _isDrifting) = (stepProducts, isDrifting);
    }

    /// <summary>Products after which a sample is given up, those that measure a residual included.</summary>
    public abstract int MaxProducts { get; init; }

    /// <summary>Products after which a cycle is given up for a new one; default: none.</summary>
    protected internal virtual int CycleProducts => int.MaxValue;

    /// <summary>Begins a cycle.</summary>
    /// <param name="residual">b - A x as rows of norm 1: [count, n], float32 or float64; stays the caller's.</param>
    /// <returns>The cycle in progress. The caller owns it.</returns>
    public abstract KrylovCycle Begin(Tensor residual);

    internal sealed override LinearSolution Run(LinearSystem system) => new LinearRun(system, Method).Solve();

    internal sealed override LinearSolver WithMaxProducts(int products) =>
        this with { MaxProducts = Math.Max(_stepProducts + (_isDrifting ? 1 : 0), products) };

    private KrylovMethod Method =>
        new(Begin, MaxProducts) { CycleProducts = CycleProducts, StepProducts = _stepProducts, IsDrifting = _isDrifting };
}
