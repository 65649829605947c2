using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The resolvent of a matrix W, as a matrix: its condition is at most <c>(1 + alpha L) / (1 + alpha m)</c>.</summary>
internal sealed class DenseResolvent : PreparedOperator
{
    private readonly Tensor _inverse;

    public DenseResolvent(Tensor matrix, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor identity = eye(matrix.shape[0], dtype: ScalarType.Float64, device: matrix.device);
        Tensor whole = identity + ((identity - matrix.detach().to(ScalarType.Float64)) * alpha);
        _inverse = whole.isfinite().all().ToBoolean()
            ? linalg.inv(whole).to(matrix.dtype).DetachFromDisposeScope()
            : full_like(matrix, double.NaN).DetachFromDisposeScope();
    }

    public override Tensor Apply(Tensor point, bool isTransposed)
    {
        using DisposeScope scope = NewDisposeScope();
        return nn.functional.linear(point, isTransposed ? _inverse.t() : _inverse).MoveToOuterDisposeScope();
    }

    public override void Dispose() => _inverse.Dispose();
}
