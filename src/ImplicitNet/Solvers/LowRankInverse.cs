using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// What a solve has learned of <c>(I - J)^-1</c>, J = dR/du at the latent it ended at, as
/// <c>M = damping I - sum_i a_i b_i^T</c> for every sample.
/// </summary>
/// <remarks>
/// A by-product of <see cref="BroydenSolver"/>, at no evaluations. M is exact along the steps that the solver took and damping I in
/// directions that it never met, so it is an approximation for places where one is enough: to precondition, or in place of the adjoint
/// solve (Ramzi et al., ICLR 2022). A sample that never updated, or that has just restarted, has damping I: the identity by default, and
/// less for a sample whose residual was steep at its start or restart. Its numbers are those at which the sample finished, and always
/// finite. Dispose it, or the <see cref="FixedPointSolution"/> that it came with.
/// </remarks>
public sealed class LowRankInverse : IDisposable
{
    private readonly Tensor _left;
    private readonly Tensor _right;
    private readonly double[] _dampings;
    private readonly LatentLayout _layout;
    private readonly bool _single;

    /// <summary>An inverse from its terms, which it owns from now on.</summary>
    /// <param name="left">a: [batch, rank, n].</param>
    /// <param name="right">b: [batch, rank, n].</param>
    /// <param name="dampings">One for every sample.</param>
    /// <param name="layout">How n elements make a latent.</param>
    /// <param name="single">Whether the one sample is a coupled batch.</param>
    internal LowRankInverse(Tensor left, Tensor right, double[] dampings, LatentLayout layout, bool single)
    {
        _left = left;
        _right = right;
        _dampings = dampings;
        _layout = layout;
        _single = single;
    }

    internal ScalarType Dtype => _left.dtype;

    /// <summary>The left and the right vectors of the terms, which a graph keeps for its backward pass.</summary>
    internal IReadOnlyList<Tensor> Terms => [_left, _right];

    /// <summary>The number of rank-one terms held for every sample; some may be zero.</summary>
    public int Rank => (int)_left.shape[1];

    /// <summary><c>M v</c>: about <c>(I - J)^-1 v</c>. Costs two passes over Rank copies of u.</summary>
    /// <param name="vector">v: [batch, ...], the shape of the latents; float64 for float64 latents, float32 for others.</param>
    /// <returns>The shape of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape or the dtype is different.</exception>
    public Tensor Apply(Tensor vector) => Apply(vector, _left, _right);

    /// <summary><c>M^T v</c>: about <c>(I - J)^-T v</c>, which the exact gradient needs.</summary>
    /// <param name="vector">v: as in <see cref="Apply(Tensor)"/>.</param>
    /// <returns>The shape of v, without a graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The shape or the dtype is different.</exception>
    public Tensor ApplyTransposed(Tensor vector) => Apply(vector, _right, _left);

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    /// <summary><c>scaled - sum_i left_i (right_i . v)</c> for every row v.</summary>
    internal static Tensor Less(Tensor scaled, Tensor left, Tensor right, Tensor rows) => left.shape[1] == 0
        ? scaled
        : scaled - bmm(bmm(right, rows.unsqueeze(2)).transpose(1, 2), left).squeeze(1);

    /// <summary>The same inverse with its terms as a graph kept them.</summary>
    internal LowRankInverse With(IReadOnlyList<Tensor> terms) => new(terms[0], terms[1], _dampings, _layout, _single);

    /// <summary>The inverse as seen from a coupled batch, which was solved as one system.</summary>
    internal LowRankInverse AsSingleSystem() => new(_left, _right, _dampings, _layout, single: true);

    /// <summary>
    /// The inverse of a batch of which another solver went on with some samples: theirs from it, or damping I where it learned none.
    /// The caller owns it; this one stays as it is.
    /// </summary>
    /// <param name="other">What that solver learned; null: nothing.</param>
    /// <param name="rows">Which of its samples to take.</param>
    /// <param name="samples">Where they are in this batch.</param>
    internal LowRankInverse Merged(LowRankInverse? other, IReadOnlyList<int> rows, IReadOnlyList<int> samples)
    {
        using DisposeScope scope = NewDisposeScope();
        long rank = Math.Max(_left.shape[1], other?._left.shape[1] ?? 0);
        double[] dampings = [.. _dampings];
        for (int i = 0; i < rows.Count; i++)
        {
            dampings[samples[i]] = other?._dampings[rows[i]] ?? 1;
        }

        return new LowRankInverse(Terms(_left, other?._left), Terms(_right, other?._right), dampings, _layout, _single);

        Tensor Terms(Tensor own, Tensor? others)
        {
            Tensor merged = zeros([own.shape[0], rank, own.shape[2]], dtype: own.dtype, device: own.device);
            merged.narrow(1, 0, own.shape[1]).copy_(own);
            Tensor target = RowIndices.Of(samples, own.device);
            merged.index_fill_(0, target, 0);
            if (others is not null)
            {
                Tensor taken = others.index_select(0, RowIndices.Of(rows, own.device)).to(own.dtype);
                Tensor latents = other!._layout.Restore(taken.reshape(-1, own.shape[2]));
                merged.narrow(1, 0, others.shape[1]).index_copy_(0, target, _layout.Flatten(latents).reshape(taken.shape));
            }

            return merged.DetachFromDisposeScope();
        }
    }

    private Tensor Apply(Tensor vector, Tensor left, Tensor right)
    {
        TensorCheck.EnsureBatch(vector, nameof(vector), "The vector", isNumber: false);
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor batch = _single ? vector.unsqueeze(0) : vector;
        if (batch.ndim == 0 || batch.shape[0] != _left.shape[0] || batch.numel() != _left.shape[0] * _left.shape[2] || !_layout.Fits(batch))
        {
            throw new ArgumentException(
                $"The vector must have the shape of the latents. It has {TensorCheck.Shape(vector)}.", nameof(vector));
        }

        if (vector.dtype != _left.dtype)
        {
            throw new ArgumentException($"The vector must be {_left.dtype}. It is {vector.dtype}.", nameof(vector));
        }

        Tensor rows = _layout.Flatten(batch);
        Tensor scaled = Array.TrueForAll(_dampings, damping => damping == 1)
            ? rows
            : rows * tensor(_dampings, dtype: rows.dtype, device: rows.device).unsqueeze(1);
        Tensor product = _layout.Restore(Less(scaled, left, right, rows));
        return (_single ? product.squeeze(0) : product).clone().MoveToOuterDisposeScope();
    }
}
