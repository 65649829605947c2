using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Outside.Tests.Own;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Every gradient, by name; the last two are written outside the library.</summary>
internal static class GradientCases
{
    private static readonly Dictionary<string, FixedPointGradient> ByName = new()
    {
        ["jfb"] = new JacobianFreeGradient(),
        ["neumann"] = new NeumannGradient { Terms = 3 },
        ["phantom"] = new PhantomGradient { Steps = 5, Damping = 0.5 },
        ["refined"] = new RefinedGradient { Products = 5 },
        ["inverse reuse"] = new InverseReuseGradient(),
        ["implicit"] = new ImplicitGradient { Solver = new GmresSolver { MaxProducts = 400 }, RelativeTolerance = 1e-13 },
        ["unrolled"] = new UnrolledGradient { Steps = 40 },
        ["two terms"] = new TwoTerms(),
        ["two steps"] = new TwoSteps(),
    };

    public static FixedPointGradient Get(string name) => ByName[name];

    public static TheoryData<string> Names => [.. ByName.Keys];
}
