using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>One element that moves by more than a hundredth is progress enough.</summary>
internal sealed record FarthestMoveStall : Stall
{
    public override Tensor? HasMoved(Tensor before, Tensor now)
    {
        using DisposeScope scope = NewDisposeScope();
        return ((now - before).abs().amax(1) > 0.01).MoveToOuterDisposeScope();
    }
}
