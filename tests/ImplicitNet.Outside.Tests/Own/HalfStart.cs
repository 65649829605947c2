using ImplicitNet.Networks;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>Half of the operator's own start.</summary>
internal sealed record HalfStart : StartingPoint
{
    public override Tensor Of(Tensor own) => own * 0.5;
}
