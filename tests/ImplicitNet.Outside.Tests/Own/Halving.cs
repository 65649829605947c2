using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary><c>R(u, q) = mask u / 2 + q</c>, with a mask that is drawn once a solve: an input like q.</summary>
internal sealed class Halving(double keep) : LatentOperator(nameof(Halving))
{
    public override FixedPointMap Bind(Tensor q)
    {
        Tensor mask = rand_like(q).lt(keep).to(q.dtype).DetachFromDisposeScope();
        return new PerSampleMap(
            (u, inputs) => (u * inputs.PerSample[1] * 0.5) + inputs.PerSample[0],
            new MapInputs { PerSample = [q, mask], Parameters = [], Owned = [mask] });
    }

    public override Tensor StartingLatent(Tensor q) => zeros_like(q);
}
