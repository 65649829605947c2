using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The L1 ball <c>{ x : |x_1| + ... + |x_n| &lt;= radius }</c>.</summary>
public static class L1Ball
{
    /// <summary>
    /// The nearest point of the ball, in L2, for every vector: <c>x_i = sign(v_i) max(|v_i| - theta, 0)</c>, theta such that the sum is the
    /// radius; v itself where it is in the ball.
    /// </summary>
    /// <remarks>
    /// Exact: by sorting (Duchi, Shalev-Shwartz, Singer, Chandra, ICML 2008, Figure 1), in float64 and relative to the largest element, so
    /// that vectors however much longer than the radius lose nothing; rounded to the dtype once. Differentiable wherever the set of
    /// elements that stay does not change. Costs a sort of each vector. A vector that is not finite gives NaN.
    /// </remarks>
    /// <param name="vectors">v: [..., n], floating point; not changed.</param>
    /// <param name="radius">Above 0 and finite.</param>
    /// <returns>The shape and dtype of v, in its graph. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The vectors have no dimension, or no floating-point dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The radius is not above 0 and finite.</exception>
    public static Tensor Project(Tensor vectors, double radius)
    {
        TensorCheck.EnsureBatch(vectors, nameof(vectors), "The vectors");
        if (radius is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(radius), radius, "The radius must be above 0 and finite.");
        }

        using DisposeScope scope = NewDisposeScope();
        return Projected(vectors.to(ScalarType.Float64), radius).to(vectors.dtype).alias().MoveToOuterDisposeScope();
    }

    /// <summary><see cref="Project"/> of vectors in float64, in the caller's dispose scope.</summary>
    internal static Tensor Projected(Tensor vectors, double radius)
    {
        if (vectors.numel() == 0)
        {
            return vectors.clone();
        }

        Tensor magnitudes = vectors.abs();
        Tensor largest = magnitudes.detach().amax([-1], keepdim: true);
        (Tensor active, Tensor isInside) = Active(magnitudes.detach(), largest, radius);

        // Relative to the largest element: what stays lies within the radius of it, so that these differences are exact.
        Tensor heights = magnitudes - largest;
        Tensor threshold = ((heights * active).sum(-1, keepdim: true) - radius) / active.sum(-1, keepdim: true);
        return where(isInside, vectors, vectors.detach().sign() * (heights - threshold).clamp_min(0));
    }

    private static (Tensor Active, Tensor IsInside) Active(Tensor magnitudes, Tensor largest, double radius)
    {
        using IDisposable noGraph = no_grad();

        // What is more than the radius below the largest element never stays, and at the radius below it counts alike without overflowing.
        Tensor heights = (magnitudes - largest).clamp_min(-radius);
        Tensor sorted = heights.sort(-1, descending: true).Values;
        Tensor counts = arange(1, heights.shape[^1] + 1, ScalarType.Float64, heights.device);
        Tensor thresholds = (sorted.cumsum(-1) - radius) / counts;
        Tensor last = (sorted > thresholds).sum(-1, keepdim: true).clamp_min(1) - 1;
        Tensor active = (heights > thresholds.gather(-1, last)).to(ScalarType.Float64);
        return (active, magnitudes.sum(-1, keepdim: true) <= radius);
    }
}
