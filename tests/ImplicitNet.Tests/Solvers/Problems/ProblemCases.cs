namespace ImplicitNet.Tests.Solvers.Problems;

/// <summary>Every problem, by name.</summary>
public static class ProblemCases
{
    private static readonly Dictionary<string, FixedPointProblem> Cases =
        MoreGarbowHillstrom.All.Concat(EquationsOfPhysics.All).ToDictionary(problem => problem.Name);

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<FixedPointProblem> All => Cases.Values;

    /// <summary>The problem of that name.</summary>
    public static FixedPointProblem Named(string name) => Cases[name];
}
