using ImplicitNet.Gradients;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>Two steps of the iteration in the graph.</summary>
internal sealed record TwoSteps : FixedPointGradient
{
    protected override Tensor AttachCore(FixedPointMap map, FixedPointSolution solution, GradientReport report) =>
        map.Evaluate(map.Evaluate(solution.Latent));
}
