using ImplicitNet.Solvers.Loop;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A solver that makes one iterate after another. It says how an iteration begins; the loop of <see cref="FixedPoint.Solve"/> does the
/// rest.
/// </summary>
public abstract record IterativeSolver : FixedPointSolver
{
    /// <summary>Begins one solve. <see cref="FixedPoint.Solve"/> runs it; call this only to drive a solver by hand.</summary>
    /// <param name="map">The map; it must outlive the iteration.</param>
    /// <param name="start">u at step 0: [batch, ...]; the caller keeps it.</param>
    /// <returns>The solve in progress. The caller owns it.</returns>
    public abstract FixedPointIteration Start(FixedPointMap map, Tensor start);

    internal override FixedPointSolution Solve(SolveContext context) => SolveLoop.Solve(context, Begin);

    private FixedPointIteration Begin(FixedPointMap map, Tensor start) =>
        Start(map, start) ?? throw new InvalidOperationException($"{GetType().Name}.{nameof(Start)} returned null.");
}
