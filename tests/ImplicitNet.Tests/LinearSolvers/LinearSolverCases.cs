using ImplicitNet.LinearSolvers;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>
/// Every linear solver, by the name under which the theories run it. A new one is added here, and all of them run it. The last is written
/// outside the library.
/// </summary>
public static class LinearSolverCases
{
    /// <summary>Products that every one of them may take.</summary>
    public const int Limit = 200;

    private static readonly Dictionary<string, Func<int, LinearSolver>> Cases = new()
    {
        ["GMRES"] = limit => new GmresSolver { MaxProducts = limit },
        ["GMRES 6"] = limit => new GmresSolver { Restart = 6, MaxProducts = limit },
        ["BiCGSTAB"] = limit => new BicgstabSolver { MaxProducts = limit },
        ["CGNR"] = limit => new CgnrSolver { MaxProducts = limit },
        ["Picard"] = limit => new FixedPointLinearSolver { MaxSteps = limit },
        ["Anderson"] = limit => new FixedPointLinearSolver { Solver = new AndersonSolver(), MaxSteps = limit },
        ["Broyden"] = limit => new FixedPointLinearSolver { Solver = new BroydenSolver(), MaxSteps = limit },
        ["Richardson"] = limit => new RichardsonSolver { MaxProducts = limit },
    };

    /// <summary>All names.</summary>
    public static TheoryData<string> All => [.. Cases.Keys];

    /// <summary>The solver of that name.</summary>
    public static LinearSolver Named(string name, int limit = Limit) => Cases[name](limit);
}
