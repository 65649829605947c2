using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers.Fronts;

/// <summary>
/// Dead ends of a maze filled, by hand-made weights: an open cell closes when at most one of its four neighbours is open, which is three
/// that are closed; start and end stay open. <c>c = sum of the neighbours - 1 + 2 ends - 4 (1 - open)</c>,
/// <c>R(u, q) = relu(c) - relu(c - 1)</c>. q is [batch, 2, height, width]: 1 where a cell is open, and where one is start or end.
/// </summary>
internal sealed class DeadEnds() : LatentOperator(nameof(DeadEnds))
{
    public override FixedPointMap Bind(Tensor q)
    {
        Tensor open = q.narrow(1, 0, 1).DetachFromDisposeScope();
        Tensor ends = q.narrow(1, 1, 1).DetachFromDisposeScope();
        Tensor cross = tensor([0f, 1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 3, 3], q.dtype).DetachFromDisposeScope();
        return new PerSampleMap(
            (u, inputs) =>
            {
                Tensor neighbours = nn.functional.conv2d(u, inputs.Shared[0], padding: [1, 1]);
                Tensor c = neighbours - 5 + (inputs.PerSample[1] * 2) + (inputs.PerSample[0] * 4);
                return c.relu() - (c - 1).relu();
            },
            new MapInputs { PerSample = [open, ends], Shared = [cross], Owned = [open, ends, cross] });
    }

    /// <summary>Every open cell is open.</summary>
    public override Tensor StartingLatent(Tensor q) => q.narrow(1, 0, 1).clone();
}
