using ImplicitNet.Models.Problems;

namespace ImplicitNet.Tests.Solvers;

/// <summary>The systems of the literature, which not every solver solves.</summary>
internal static class ProblemCases
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FixedPointProblem> All { get; } = [.. MoreGarbowHillstrom.All, .. EquationsOfPhysics.All];
}
