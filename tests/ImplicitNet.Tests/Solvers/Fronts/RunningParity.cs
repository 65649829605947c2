using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers.Fronts;

/// <summary>
/// Sums modulo 2 of all bits so far, by hand-made weights: <c>s_i = u_(i-1) + d_i</c>, <c>R(u, d) = relu(s) - 2 relu(s - 1)</c>, a
/// convolution of width 3 to two channels and one of width 1 back. q is [batch, 2, n]: the bits, and 1 where there is one: samples of
/// different lengths.
/// </summary>
internal sealed class RunningParity : LatentOperator
{
    private readonly Tensor _before;
    private readonly Tensor _offsets;
    private readonly Tensor _shares;

    public RunningParity(ScalarType dtype = ScalarType.Float32)
        : base(nameof(RunningParity))
    {
        _before = tensor([1f, 0, 0, 1, 0, 0], [2, 1, 3], dtype);
        _offsets = tensor([0f, -1], dtype);
        _shares = tensor([1f, -2], [1, 2, 1], dtype);
        register_buffer("before", _before);
        register_buffer("offsets", _offsets);
        register_buffer("shares", _shares);
    }

    public override FixedPointMap Bind(Tensor q)
    {
        Tensor bits = q.narrow(1, 0, 1).DetachFromDisposeScope();
        Tensor mask = q.narrow(1, 1, 1).DetachFromDisposeScope();
        return new PerSampleMap(
            (u, inputs) =>
            {
                Tensor sums = nn.functional.conv1d(u, inputs.Shared[0], inputs.Shared[1], padding: 1) + inputs.PerSample[0];
                return nn.functional.conv1d(sums.relu(), inputs.Shared[2]) * inputs.PerSample[1];
            },
            new MapInputs { PerSample = [bits, mask], Shared = [_before, _offsets, _shares], Owned = [bits, mask] });
    }

    public override Tensor StartingLatent(Tensor q) => zeros([q.shape[0], 1, q.shape[2]], q.dtype);
}
