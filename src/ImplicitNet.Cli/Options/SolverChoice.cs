using ImplicitNet.Solvers;

namespace ImplicitNet.Cli.Options;

/// <summary>The solvers by name. A new one is one more entry.</summary>
internal static class SolverChoice
{
    public const string Default = "picard";

    private static readonly Dictionary<string, Func<double, FixedPointSolver>> Solvers = new()
    {
        [Default] = damping => new PicardSolver { Damping = damping },
        ["anderson"] = damping => new AndersonSolver { Mixing = damping },
    };

    public static IReadOnlyList<string> Names { get; } = [.. Solvers.Keys];

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="damping">Share of the full step, in (0, 1].</param>
    public static FixedPointSolver Create(string name, double damping) => Solvers[name](damping);
}
