using ImplicitNet.Operators;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>x / (1 + |x|)</c>, whose slope is 1 at 0 and less elsewhere.</summary>
internal sealed record SoftSign : LatentActivation
{
    public override Tensor Apply(Tensor x) => x / (1 + x.abs());
}
