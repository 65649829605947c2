using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary>
/// Some samples of an operator that can only be applied to its whole batch: the others are given zeros. Saves no product.
/// </summary>
internal sealed class SubsetOperator(LinearOperator whole, Tensor samples, long count) : LinearOperator
{
    private readonly Tensor _samples = samples.alias().DetachFromDisposeScope();

    public override Tensor Apply(Tensor vectors)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = zeros([count, vectors.shape[1]], dtype: vectors.dtype, device: vectors.device).index_copy_(0, _samples, vectors);
        return whole.Apply(all).index_select(0, _samples).MoveToOuterDisposeScope();
    }

    public override LinearOperator Restrict(Tensor samples)
    {
        using DisposeScope scope = NewDisposeScope();
        return new SubsetOperator(whole, _samples.index_select(0, samples), count);
    }

    public override void Dispose() => _samples.Dispose();
}
