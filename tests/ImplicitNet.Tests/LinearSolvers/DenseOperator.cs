using ImplicitNet.LinearSolvers;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.LinearSolvers;

/// <summary>
/// A matrix for every sample, [batch, n, n], that counts the vectors it is given, and from some product on, when asked
/// to, gives infinity for its first sample.
/// </summary>
internal sealed class DenseOperator : LinearOperator
{
    private readonly Tensor _matrices;
    private readonly Action<long>? _paid;
    private readonly Func<bool> _fails;
    private readonly int _failing;

    public DenseOperator(Tensor matrices, Action<long>? paid = null, int failsAt = int.MaxValue)
        : this(matrices, paid, Counter(failsAt), failing: 0)
    {
    }

    private DenseOperator(Tensor matrices, Action<long>? paid, Func<bool> fails, int failing)
    {
        _matrices = matrices;
        _paid = paid;
        _fails = fails;
        _failing = failing;
    }

    public override Tensor Apply(Tensor vectors) => Product(_matrices, vectors);

    public override Tensor ApplyTransposed(Tensor vectors) => Product(_matrices.transpose(1, 2), vectors);

    public override LinearOperator Restrict(Tensor samples) => new DenseOperator(
        _matrices.index_select(0, samples).DetachFromDisposeScope(), _paid, _fails, Array.IndexOf([.. samples.data<long>()], _failing));

    public override void Dispose() => _matrices.Dispose();

    private static Func<bool> Counter(int failsAt)
    {
        int products = 0;
        return () => ++products >= failsAt;
    }

    private Tensor Product(Tensor matrices, Tensor vectors)
    {
        _paid?.Invoke(vectors.shape[0]);
        Tensor product = bmm(matrices, vectors.unsqueeze(2)).squeeze(2);
        if (_fails() && _failing >= 0)
        {
            product[_failing] = double.PositiveInfinity;
        }

        return product;
    }
}
