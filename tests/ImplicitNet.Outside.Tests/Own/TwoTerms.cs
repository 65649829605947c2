using ImplicitNet.Gradients;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>w = g + J^T g</c>: the first two terms of the Neumann series.</summary>
internal sealed record TwoTerms : AdjointGradient
{
    public override Tensor Direction(AdjointContext at) => at.Gradient + at.Linearization.TransposeProduct(at.Gradient);
}
