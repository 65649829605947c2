using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>sum |r_i|</c>.</summary>
internal sealed record SumNorm : ResidualNorm
{
    public override Tensor Measure(Tensor rows) => rows.to(ScalarType.Float64).abs().sum(1);
}
