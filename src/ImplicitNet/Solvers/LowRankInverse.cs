using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// What a solve has learned of <c>(I - J)^-1</c>, J = dR/du at the latent it ended at, as
/// <c>M = damping I - sum_i a_i b_i^T</c> for every sample.
/// </summary>
/// <remarks>
/// A by-product of <see cref="BroydenSolver"/>: no evaluations. M is exact along the steps the solver took and damping I
/// along what it never met, so it is an approximation to be used where one is enough: to precondition, or in place of
/// the adjoint solve (Ramzi et al., ICLR 2022). A sample that never updated, or that has just restarted, has damping I:
/// the identity by default. The numbers are those at which the sample finished, and are finite always. Dispose it, or
/// the <see cref="FixedPointSolution"/> it came with.
/// </remarks>
public sealed class LowRankInverse : IDisposable
{
    private readonly Tensor _left;
    private readonly Tensor _right;
    private readonly double _damping;
    private readonly LatentLayout _layout;
    private readonly bool _single;

    internal LowRankInverse(Tensor left, Tensor right, double damping, LatentLayout layout, bool single)
    {
        _left = left;
        _right = right;
        _damping = damping;
        _layout = layout;
        _single = single;
    }

    internal ScalarType Dtype => _left.dtype;

    /// <summary>The left and the right vectors of the terms, which a graph keeps for its backward pass.</summary>
    internal IReadOnlyList<Tensor> Terms => [_left, _right];

    /// <summary>Rank-one terms held for every sample; some may be zero.</summary>
    public int Rank => (int)_left.shape[1];

    /// <summary><c>M v</c>: about <c>(I - J)^-1 v</c>. Costs two passes over Rank copies of u.</summary>
    /// <param name="vector">v: [batch, ...], the shape of the latents; float64 for float64 latents, float32 for others.</param>
    /// <returns>The shape of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape or the dtype is another.</exception>
    public Tensor Apply(Tensor vector) => Apply(vector, _left, _right);

    /// <summary><c>M^T v</c>: about <c>(I - J)^-T v</c>, which the exact gradient asks for.</summary>
    /// <param name="vector">v: as in <see cref="Apply(Tensor)"/>.</param>
    /// <returns>The shape of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape or the dtype is another.</exception>
    public Tensor ApplyTransposed(Tensor vector) => Apply(vector, _right, _left);

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    /// <summary><c>damping v - sum_i left_i (right_i . v)</c> for every row.</summary>
    internal static Tensor Product(Tensor left, Tensor right, double damping, Tensor rows)
    {
        Tensor scaled = damping == 1 ? rows : rows * damping;
        return left.shape[1] == 0
            ? scaled
            : scaled - bmm(bmm(right, rows.unsqueeze(2)).transpose(1, 2), left).squeeze(1);
    }

    /// <summary>The same inverse with its terms as a graph kept them.</summary>
    internal LowRankInverse With(IReadOnlyList<Tensor> terms) => new(terms[0], terms[1], _damping, _layout, _single);

    /// <summary>The inverse as seen from a coupled batch, which was solved as one system.</summary>
    internal LowRankInverse AsSingleSystem() => new(_left, _right, _damping, _layout, single: true);

    private Tensor Apply(Tensor vector, Tensor left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(vector);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor batch = _single ? vector.unsqueeze(0) : vector;
        if (batch.ndim == 0 || batch.shape[0] != _left.shape[0] || batch.numel() != _left.shape[0] * _left.shape[2] || !_layout.Fits(batch))
        {
            throw new ArgumentException($"The vector must have the shape of the latents. It has [{string.Join(", ", vector.shape)}].", nameof(vector));
        }

        if (vector.dtype != _left.dtype)
        {
            throw new ArgumentException($"The vector must be {_left.dtype}. It is {vector.dtype}.", nameof(vector));
        }

        Tensor product = _layout.Restore(Product(left, right, _damping, _layout.Flatten(batch)));
        return (_single ? product.squeeze(0) : product).clone().MoveToOuterDisposeScope();
    }
}
