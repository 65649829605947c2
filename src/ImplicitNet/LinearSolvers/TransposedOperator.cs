using static TorchSharp.torch;

namespace ImplicitNet.LinearSolvers;

/// <summary><c>A^T</c> for an operator A.</summary>
/// <param name="linear">A; stays the caller's unless it is owned.</param>
/// <param name="ownsLinear">Whether A is disposed with this.</param>
internal sealed class TransposedOperator(LinearOperator linear, bool ownsLinear = false) : LinearOperator
{
    /// <summary>A.</summary>
    public LinearOperator Linear => linear;

    public override Tensor Apply(Tensor vectors) => linear.ApplyTransposed(vectors);

    public override Tensor ApplyTransposed(Tensor vectors) => linear.Apply(vectors);

    internal override double? SymmetryTolerance(ScalarType dtype) => linear.SymmetryTolerance(dtype);

    public override LinearOperator Restrict(Tensor samples) => new TransposedOperator(linear.Restrict(samples), ownsLinear: true);

    public override void Dispose()
    {
        if (ownsLinear)
        {
            linear.Dispose();
        }
    }
}
