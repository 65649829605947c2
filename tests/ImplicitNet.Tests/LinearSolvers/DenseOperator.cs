using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>
/// A matrix for every sample, [batch, n, n], that counts the vectors it is given, and from some product on, when asked
/// to, gives infinity for its first sample.
/// </summary>
internal sealed class DenseOperator(Tensor matrices, Action<long>? paid = null, int failsAt = int.MaxValue) : LinearOperator
{
    private int _products;

    public override Tensor Apply(Tensor vectors) => Product(matrices, vectors);

    public override Tensor ApplyTransposed(Tensor vectors) => Product(matrices.transpose(1, 2), vectors);

    public override LinearOperator Restrict(Tensor samples) => new DenseOperator(matrices.index_select(0, samples).DetachFromDisposeScope(), paid);

    public override void Dispose() => matrices.Dispose();

    private Tensor Product(Tensor factors, Tensor vectors)
    {
        paid?.Invoke(vectors.shape[0]);
        Tensor product = bmm(factors, vectors.unsqueeze(2)).squeeze(2);
        if (++_products >= failsAt)
        {
            product[0] = double.PositiveInfinity;
        }

        return product;
    }
}
