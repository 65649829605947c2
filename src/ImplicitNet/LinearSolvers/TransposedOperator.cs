using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary><c>A^T</c> for an operator A, which stays the caller's.</summary>
internal sealed class TransposedOperator(LinearOperator linear) : LinearOperator
{
    private readonly List<LinearOperator> _restricted = [];

    public override Tensor Apply(Tensor vectors) => linear.ApplyTransposed(vectors);

    public override Tensor ApplyTransposed(Tensor vectors) => linear.Apply(vectors);

    public override LinearOperator Restrict(Tensor samples)
    {
        _restricted.Add(linear.Restrict(samples));
        return new TransposedOperator(_restricted[^1]);
    }

    public override void Dispose() => _restricted.ForEach(restriction => restriction.Dispose());
}
