namespace ImplicitNet.Models.Problems;

/// <summary>The named test problems: maps whose fixed points are known in closed form, and systems from the literature.</summary>
public static class FixedPointProblems
{
    private static readonly Dictionary<string, FixedPointProblem> Problems = new[]
    {
        ClosedForms.All, MoreGarbowHillstrom.All, EquationsOfPhysics.All, MoreGarbowHillstromMinima.All, AlgebraicSystems.All,
        SparseSystems.All, Engineering.All, BoundaryValueProblems.All, IntegralEquations.All, ImplicitSteps.All, IteratedMaps.All,
        Economics.All, RandomNetworks.All,
    }.SelectMany(family => family).ToDictionary(problem => problem.Name);

    /// <summary>All problems, the simplest first.</summary>
    public static IReadOnlyCollection<FixedPointProblem> All => Problems.Values;

    /// <summary>Finds a problem by its name.</summary>
    /// <exception cref="ArgumentException">There is no problem of that name; the message lists the names.</exception>
    public static FixedPointProblem Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Problems.TryGetValue(name, out FixedPointProblem? problem)
            ? problem
            : throw new ArgumentException($"There is no problem '{name}'. There are {string.Join(", ", Problems.Keys)}.", nameof(name));
    }
}
