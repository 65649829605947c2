using ImplicitNet.LinearSolvers;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>
/// Every linear solver, by the name under which the theories run it. A new one is added here, and all of them run it. The last is written
/// outside the library.
/// </summary>
public static class LinearSolverCases
{
    /// <summary>Products that every one of them may take.</summary>
    public const int Limit = 200;

    /// <summary>The one that is for symmetric operators.</summary>
    public const string ConjugateGradients = "CG";

    private static readonly Dictionary<string, Func<int, LinearSolver>> Cases = new()
    {
        ["GMRES"] = limit => new GmresSolver { MaxProducts = limit },
        ["GMRES 6"] = limit => new GmresSolver { Restart = 6, MaxProducts = limit },
        ["BiCGSTAB"] = limit => new BicgstabSolver { MaxProducts = limit },
        ["CGNR"] = limit => new CgnrSolver { MaxProducts = limit },
        [ConjugateGradients] = limit => new ConjugateGradientSolver { MaxProducts = limit },
        ["Picard"] = limit => new FixedPointLinearSolver { MaxSteps = limit },
        ["Anderson"] = limit => new FixedPointLinearSolver { Solver = new AndersonSolver(), MaxSteps = limit },
        ["Broyden"] = limit => new FixedPointLinearSolver { Solver = new BroydenSolver(), MaxSteps = limit },
        ["Richardson"] = limit => new RichardsonSolver { MaxProducts = limit },
    };

    /// <summary>All names.</summary>
    public static TheoryData<string> All => [.. Cases.Keys];

    /// <summary>The solver of that name.</summary>
    public static LinearSolver Named(string name, int limit = Limit) => Cases[name](limit);

    /// <summary>
    /// The problem of that name for that solver: one for symmetric operators gets their symmetric part <c>(A + A^T) / 2</c>, which is
    /// I - J of no larger norm where A is.
    /// </summary>
    public static (Tensor Matrices, Tensor Right) Problem(string solver, string problem, ScalarType dtype = ScalarType.Float64)
    {
        (Tensor matrices, Tensor right) = LinearProblemCases.Named(problem, dtype);
        return (For(solver, matrices), right);
    }

    /// <summary>Matrices, [batch, n, n], as that solver may have them.</summary>
    public static Tensor For(string solver, Tensor matrices) =>
        solver == ConjugateGradients ? (matrices + matrices.transpose(1, 2)) / 2 : matrices;
}
