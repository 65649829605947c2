using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// A method that finds fixed points: its options, and nothing of any solve. One solver serves any number of solves.
/// </summary>
public abstract record FixedPointSolver
{
    /// <summary>Begins one solve. <see cref="FixedPoint.Solve"/> runs it; call this only to drive a solver by hand.</summary>
    /// <param name="map">The map; it must outlive the iteration.</param>
    /// <param name="start">u at step 0: [batch, ...]; stays the caller's.</param>
    /// <returns>The solve in progress. The caller owns it.</returns>
    public abstract FixedPointIteration Start(FixedPointMap map, Tensor start);
}
