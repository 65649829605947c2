using ImplicitNet.LinearSolvers;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;

namespace ImplicitNet.Outside.Tests;

/// <summary>The solvers that referees try: a new one is one line.</summary>
internal static class SolverFamily
{
    public static readonly IReadOnlyList<Func<Random, FixedPointSolver>> All =
    [
        _ => new PicardSolver(),
        random => new PicardSolver { Damping = random.Between(0.05, 1) },
        random => new AndersonSolver { Memory = random.Next(12) },
        random => new AndersonSolver { Memory = random.Next(30), Mixing = random.Between(0.1, 1) },
        random => new AndersonSolver { Memory = random.Next(10), SafeguardFactor = random.Pick([1, 2, 1e3, double.MaxValue]) },
        random => new AndersonSolver { Memory = random.Next(8), Variant = AndersonVariant.TypeOne },
        random => new AndersonSolver { Variant = AndersonVariant.TypeOne, SafeguardFactor = 1e6 },
        _ => new BroydenSolver(),
        random => new BroydenSolver { Memory = random.Next(1, 30), Damping = random.Between(0.1, 1) },
        random => new BroydenSolver { GrowthLimit = random.Pick([1, 2, 1e6]) },
        random => new BroydenSolver { LineSearch = new LineSearch { MaxTrials = random.Next(1, 10), History = random.Next(1, 12) } },
        random => new BroydenSolver { KeepInverse = true, Memory = random.Next(1, 40) },
        _ => new NewtonKrylovSolver(),
        _ => new NewtonKrylovSolver { Product = new FiniteDifferenceProduct() },
        _ => new NewtonKrylovSolver { Product = new FiniteDifferenceProduct(), LineSearch = null },
        random => new NewtonKrylovSolver { LineSearch = null, Damping = random.Between(0.1, 1) },
        _ => new NewtonKrylovSolver { LinearSolver = new GmresSolver { Restart = 5, MaxProducts = 10 } },
        random => new NewtonKrylovSolver { LinearSolver = random.OneIn(2) ? new BicgstabSolver() : new CgnrSolver() },
        random => new NewtonKrylovSolver { LinearSolver = new FixedPointLinearSolver { MaxSteps = random.Next(1, 40) } },
        random => new HeavyBallSolver(random.Between(0, 0.9)),
        random => new SolverChain { Solvers = [new HeavyBallSolver(random.Between(0, 0.9)), new NewtonKrylovSolver()] },
        _ => new SolverChain(),
        random => new SolverChain { Solvers = [new PicardSolver(), new BroydenSolver { Memory = random.Next(1, 10) }] },
        _ => new SolverChain { Solvers = [new NewtonKrylovSolver(), new AndersonSolver { Memory = 2 }, new PicardSolver { Damping = 0.1 }] },
    ];
}
