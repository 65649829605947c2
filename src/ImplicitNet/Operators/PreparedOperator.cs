using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>W or its resolvent <c>(I + alpha (I - W))^-1</c>, and the transpose, prepared for any number of samples. Without a
/// graph.</summary>
internal abstract class PreparedOperator : IDisposable
{
    /// <summary>Products with W so far, counted once for every sample.</summary>
    public virtual long Products => 0;

    /// <summary>Applies it.</summary>
    /// <param name="point">[batch, ...].</param>
    /// <param name="isTransposed">Whether W is transposed.</param>
    /// <returns>A new tensor in the shape of the point. The caller owns it.</returns>
    public abstract Tensor Apply(Tensor point, bool isTransposed);

    /// <summary>Releases what was prepared.</summary>
    public abstract void Dispose();
}
