using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;

namespace ImplicitNet.Outside.Tests;

/// <summary>The gradients that referees try: a new one is one line.</summary>
internal static class GradientFamily
{
    public static readonly IReadOnlyList<Func<Random, FixedPointGradient>> All =
    [
        _ => new JacobianFreeGradient(),
        _ => new ImplicitGradient(),
        random => new ImplicitGradient { Solver = random.OneIn(2) ? new BicgstabSolver() : new CgnrSolver() },
        _ => new ImplicitGradient { Solver = new ConjugateGradientSolver() },
        _ => new ImplicitGradient { Solver = new FixedPointLinearSolver() },
        random => new NeumannGradient { Terms = random.Next(1, 6) },
        random => new RefinedGradient { Products = random.Next(1, 4) },
        random => new InverseReuseGradient { Products = random.Next(3) },
        random => new PhantomGradient { Steps = random.Next(1, 5), Damping = 0.5 },
        random => new UnrolledGradient { Steps = random.Next(1, 9) },
        _ => new TwoTerms(),
        _ => new TwoSteps(),
        _ => new ImplicitGradient { Solver = new RichardsonSolver() },
    ];
}
