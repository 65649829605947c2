using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Every gradient, by name.</summary>
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
    };

    public static FixedPointGradient Get(string name) => ByName[name];

    public static TheoryData<string> Names => [.. ByName.Keys];
}
