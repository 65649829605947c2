using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Rigorous upper bounds of spectral norms: <c>||A|| &lt;= ||(A^H A)^(m/2)||_F^(1/m)</c> with <c>m = 2^T</c> from T
/// squarings (Delattre, Barthelemy, Araujo, Allauzen, ICML 2023). Power iteration would give a lower bound, which is
/// no guarantee. Beside it, for certificates, the norm itself by decomposition.
/// </summary>
internal static class SpectralNorm
{
    // The bound exceeds the norm by at most r^(1/2^(T+1)) for r equally large singular values: 1.4 % for all 32 of a
    // 32 x 32 matrix, 0.3 % for two.
    private const int Squarings = 7;

    // Keeps a zero matrix from a division by zero; far below any norm that trains.
    private const double Tiny = 1e-30;

    // The logarithm of how far an estimate may lie above a norm and still scale the matrix for all squarings at once:
    // exp(-0.2)^(2^7) = 8e-12, and its square, are far from underflow.
    private const double NearEnough = 0.2;

    /// <summary>Finds the matrix whose bound is the largest, and about how large it is. No graph.</summary>
    /// <remarks>
    /// After squaring t the norm lies between <c>upper_t^2 / upper_(t-1)</c>, since <c>||M^2||_F &lt;= ||M|| ||M||_F</c>, and
    /// <c>upper_t</c>, which only falls. So what lies below the best lower bound cannot have the largest bound in the end, and
    /// is left out: a trained kernel has few large singular values, and two squarings leave one frequency of 52. An error of
    /// rounding may leave out a norm that is above the largest by no more than that error; the layers' margin covers it.
    /// </remarks>
    /// <param name="matrices">[count, rows, columns], real or complex; at least one.</param>
    /// <returns>Its position, and its norm or up to exp(0.2) times as much where one was left; NaN when an element is not finite.</returns>
    public static (int Index, double Estimate) Largest(Tensor matrices)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        int[] positions = [.. Enumerable.Range(0, (int)matrices.shape[0])];
        (Tensor power, double[] uppers) = Normalize(matrices);
        for (int squaring = 1; ; squaring++)
        {
            (power, double[] logNorms) = Normalize(squaring == 1 ? Gram(power) : power.bmm(power));
            double weight = Math.Pow(2, -squaring);
            double best = double.NegativeInfinity;
            for (int i = 0; i < uppers.Length; i++)
            {
                // At most 0 but for rounding.
                double change = weight * Math.Min(logNorms[i], 0);
                best = Math.Max(best, uppers[i] + (2 * change));
                uppers[i] += change;
            }

            int[] kept = [.. Enumerable.Range(0, uppers.Length).Where(i => !(uppers[i] < best))];
            int largest = kept.MaxBy(i => uppers[i]);
            bool isFound = kept.Length == 1 && uppers[largest] - best <= NearEnough;
            if (isFound || squaring == Squarings || !double.IsFinite(best))
            {
                return (positions[largest], Math.Max(double.IsFinite(best) ? Math.Exp(uppers[largest]) : double.NaN, Tiny));
            }

            if (kept.Length < uppers.Length)
            {
                power = power.index_select(0, tensor(kept, dtype: ScalarType.Int64, device: power.device));
                positions = [.. kept.Select(i => positions[i])];
                uppers = [.. kept.Select(i => uppers[i])];
            }
        }
    }

    /// <summary>An upper bound of the spectral norm, the same whatever the estimate but for rounding.</summary>
    /// <param name="matrix">[rows, columns], real or complex.</param>
    /// <param name="estimate">What <see cref="Largest"/> says of it.</param>
    /// <returns>[1], real. In the graph when the matrix is. The caller owns it.</returns>
    public static Tensor UpperBound(Tensor matrix, double estimate)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor power = Gram(matrix / estimate).matrix_power(1 << (Squarings - 1));
        Tensor squares = RealView(power).square().sum().clamp_min(Tiny);
        return (squares.pow(Math.Pow(2, -Squarings - 1)) * estimate).reshape(1).MoveToOuterDisposeScope();
    }

    /// <summary>The largest singular value of all matrices, by decomposition; NaN when an element is not finite.</summary>
    public static double LargestSingularValue(Tensor matrices)
    {
        using DisposeScope scope = NewDisposeScope();
        bool finite = matrices.isfinite().all().ToBoolean();
        return finite ? linalg.svdvals(matrices).max().ToDouble() : double.NaN;
    }

    /// <summary>A^H A, or A A^H where that is smaller, for a matrix or for every one of a batch.</summary>
    private static Tensor Gram(Tensor matrices)
    {
        Tensor adjoint = matrices.mH;
        (Tensor left, Tensor right) = matrices.shape[^2] < matrices.shape[^1] ? (matrices, adjoint) : (adjoint, matrices);
        return matrices.ndim == 2 ? left.mm(right) : left.bmm(right);
    }

    /// <summary>Every matrix divided by its Frobenius norm, and the logarithms of those norms.</summary>
    private static (Tensor Matrices, double[] LogNorms) Normalize(Tensor matrices)
    {
        Tensor rows = RealView(matrices).reshape(matrices.shape[0], -1);
        Tensor norms = linalg.vector_norm(rows, 2, [1], keepdim: true).clamp_min(Tiny);
        Tensor quotients = rows / norms;
        Tensor normalized = matrices.is_complex()
            ? quotients.view([.. matrices.shape, 2]).view_as_complex()
            : quotients.view(matrices.shape);
        return (normalized, [.. norms.to(ScalarType.Float64).cpu().data<double>().Select(norm => Math.Log(norm))]);
    }

    /// <summary>Real and imaginary parts as elements of their own: [..., 2]; a real tensor as it is.</summary>
    private static Tensor RealView(Tensor matrices) => matrices.is_complex() ? matrices.view_as_real() : matrices;
}
