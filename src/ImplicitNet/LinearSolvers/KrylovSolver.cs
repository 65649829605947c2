using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// A linear solver that makes one product after another. It says how a cycle begins, from a residual to a correction; the loop around it
/// decides when to stop, how each sample ended, what is kept and what leaves the batch.
/// </summary>
/// <remarks>
/// The loop gives a cycle the residuals of x, each of norm 1, and adds the corrections it finds to x where they reduce the residual. Then
/// it begins the next cycle from the residuals that are left.
/// </remarks>
public abstract record KrylovSolver : LinearSolver
{
    private readonly int _stepProducts;
    private readonly bool _isDrifting;

    /// <summary>Creates the solver.</summary>
    /// <param name="stepProducts">
    /// Products that one step makes before the residual falls: 2 for a method that alternates; at least 1.
    /// </param>
    /// <param name="isDrifting">
    /// Whether the residual of the recurrence may drift; if so, one product is reserved to measure the true one.
    /// </param>
    protected KrylovSolver(int stepProducts = 1, bool isDrifting = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepProducts, 1);
        (_stepProducts, _isDrifting) = (stepProducts, isDrifting);
    }

    /// <summary>Products after which a sample is given up, those that measure a residual included.</summary>
    public abstract int MaxProducts { get; init; }

    /// <summary>The number of products after which a cycle ends and a new one begins; by default there is no such limit.</summary>
    protected internal virtual int CycleProducts => int.MaxValue;

    /// <summary>Begins a cycle.</summary>
    /// <param name="residual">b - A x as rows of norm 1: [count, n], float32 or float64; the caller keeps it.</param>
    /// <returns>The cycle in progress. The caller owns it.</returns>
    public abstract KrylovCycle Begin(Tensor residual);

    internal sealed override LinearSolution Run(LinearSystem system) => new LinearRun(system, Method).Solve();

    internal sealed override LinearSolver WithMaxProducts(int products) =>
        this with { MaxProducts = Math.Max(_stepProducts + (_isDrifting ? 1 : 0), products) };

    private KrylovMethod Method =>
        new(Begin, MaxProducts) { CycleProducts = CycleProducts, StepProducts = _stepProducts, IsDrifting = _isDrifting };
}
