using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// Some samples of an operator that can only be applied to its whole batch: the others are given zeros. Saves no product.
/// </summary>
internal sealed class SubsetOperator(LinearOperator whole, Tensor samples, long count) : LinearOperator
{
    private readonly Tensor _samples = samples.alias().DetachFromDisposeScope();

    public override Tensor Apply(Tensor vectors) => Of(vectors, whole.Apply);

    public override Tensor ApplyTransposed(Tensor vectors) => Of(vectors, whole.ApplyTransposed);

    public override LinearOperator Restrict(Tensor samples)
    {
        using DisposeScope scope = NewDisposeScope();
        return new SubsetOperator(whole, _samples.index_select(0, samples), count);
    }

    public override void Dispose() => _samples.Dispose();

    private Tensor Of(Tensor vectors, Func<Tensor, Tensor> product)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = zeros([count, vectors.shape[1]], dtype: vectors.dtype, device: vectors.device).index_copy_(0, _samples, vectors);
        return product(all).index_select(0, _samples).MoveToOuterDisposeScope();
    }
}
