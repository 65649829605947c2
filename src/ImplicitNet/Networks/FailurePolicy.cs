using ImplicitNet.Solvers;

namespace ImplicitNet.Networks;

/// <summary>What a layer does about samples whose solve did not converge.</summary>
public abstract record FailurePolicy
{
    /// <summary>Looks at a solution, failed or not, and gives the one to go on with.</summary>
    /// <param name="map">The map that was solved.</param>
    /// <param name="solution">What the solver found. Owned by the policy from now on, unless it is returned or the call throws.</param>
    /// <param name="solver">The solver that found it.</param>
    /// <param name="stopping">The rule it was solved with.</param>
    /// <returns>The solution to use. The caller owns it.</returns>
    public abstract FixedPointSolution Handle(FixedPointMap map, FixedPointSolution solution, FixedPointSolver solver, StoppingRule stopping);

    /// <summary>True when a sample that ended like this is to be left out of the loss and sends back no gradient.</summary>
    public abstract bool Excludes(SampleReport sample);
}
