using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;

namespace ImplicitNet.Tests.Solvers;

/// <summary>
/// Every solver, by the name under which the theories run it. A new solver is added here, and all of them run it.
/// </summary>
public static class SolverCases
{
    private static readonly Dictionary<string, FixedPointSolver> Cases = new()
    {
        ["Picard"] = new PicardSolver(),
        ["Picard, damping 0.5"] = new PicardSolver { Damping = 0.5 },
        ["Picard with a little momentum, a user's own"] = new HeavyBallSolver(0.01),
        ["Anderson"] = new AndersonSolver(),
        ["Anderson 15"] = new AndersonSolver { Memory = 15 },
        ["Anderson 15, type I"] = new AndersonSolver { Memory = 15, Variant = AndersonVariant.TypeOne },
        ["chain"] = new SolverChain(),
        ["Broyden 10"] = new BroydenSolver { Memory = 10 },
        ["Broyden 30"] = new BroydenSolver { Memory = 30 },
        ["Broyden 10, line search"] = new BroydenSolver { Memory = 10, LineSearch = new LineSearch() },
        ["Broyden 30, line search"] = new BroydenSolver { Memory = 30, LineSearch = new LineSearch() },
        ["Newton-Krylov"] = new NewtonKrylovSolver(),
        ["Newton-Krylov, differences"] = new NewtonKrylovSolver { Product = new FiniteDifferenceProduct() },
    };

    /// <summary>All names.</summary>
    public static TheoryData<string> All => [.. Cases.Keys];

    /// <summary>Those that do more than iterate the map: they solve what Picard cannot.</summary>
    public static TheoryData<string> Accelerated => [.. Cases.Keys.Where(name => !name.StartsWith("Picard", StringComparison.Ordinal))];

    /// <summary>The solver of that name.</summary>
    public static FixedPointSolver Named(string name) => Cases[name];
}
