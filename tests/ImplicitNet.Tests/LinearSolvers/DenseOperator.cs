using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>A matrix for every sample, [batch, n, n], that counts the vectors it is given.</summary>
internal sealed class DenseOperator(Tensor matrices, Action<long>? paid = null) : LinearOperator
{
    public override Tensor Apply(Tensor vectors)
    {
        paid?.Invoke(vectors.shape[0]);
        return bmm(matrices, vectors.unsqueeze(2)).squeeze(2);
    }

    public override LinearOperator Restrict(Tensor samples) => new DenseOperator(matrices.index_select(0, samples).DetachFromDisposeScope(), paid);

    public override void Dispose() => matrices.Dispose();
}
