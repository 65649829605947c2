using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Positive vectors x for which <c>max_i (|W| x)_i / x_i</c> is the Perron-Frobenius eigenvalue of |W|, or little more.
/// </summary>
/// <remarks>
/// That quotient is an upper bound of the eigenvalue for every positive x (Collatz 1942, Wielandt 1950), and the operator norm of W in
/// <c>max |v_i| / x_i</c>. Noda's iteration (1971), <c>x &lt;- (lambda I - |W|)^-1 x</c> with the quotient as lambda, keeps x positive and
/// lowers the quotient in every step, quadratically where |W| is irreducible; where it is not, such as for a triangular W, there may be no
/// least quotient, and it goes on until the quotient is small. A step is one solve with an n x n matrix; three to six are usual.
/// </remarks>
internal static class PerronVectors
{
    private const int MostSteps = 30;

    // Of lambda: apart from the eigenvalue by as much, so that there is a matrix to solve with; what it costs is a share of itself.
    private const double Shift = 1e-9;

    // A fall of the quotient by less is its end.
    private const double LeastFall = 1e-11;

    // A quotient below this is small: as much as bounded layers take for small.
    private const double Small = 0.1;

    // Elements of x further apart than this say nothing any more about a residual in another norm.
    private const double Range = 1e12;

    /// <summary>The vector, and that of the transpose, which the derivative of the eigenvalue takes.</summary>
    /// <param name="weight">[n, n], any floating-point dtype.</param>
    /// <returns>[2, n], float64, positive; the largest element of each is 1. No graph. The caller owns it.</returns>
    public static Tensor Of(Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor matrix = weight.to(ScalarType.Float64).abs();
        Tensor right = ones(matrix.shape[0], ScalarType.Float64, matrix.device);
        double quotient = Quotient(matrix, right);
        for (int step = 0; step < MostSteps && quotient is > Small and < double.PositiveInfinity; step++)
        {
            if (Solved(Shifted(matrix, quotient), right) is not { } next || !(Quotient(matrix, next) is var lower && lower < quotient))
            {
                break;
            }

            bool isEnd = lower > quotient * (1 - LeastFall);
            (right, quotient) = (next, lower);
            if (isEnd)
            {
                break;
            }
        }

        // Two solves with the transpose at the eigenvalue: each brings the vector nearer by the gap over the shift.
        Tensor left = ones_like(right);
        if (quotient is > Small and < double.PositiveInfinity)
        {
            Tensor shifted = Shifted(matrix, quotient).T;
            left = Solved(shifted, left) is { } first ? Solved(shifted, first) ?? first : left;
        }

        return stack([right, left]).MoveToOuterDisposeScope();
    }

    private static Tensor Shifted(Tensor matrix, double quotient) =>
        diag(full(matrix.shape[0], quotient * (1 + Shift), ScalarType.Float64, matrix.device)) - matrix;

    /// <summary><c>max_i (|W| x)_i / x_i</c>.</summary>
    private static double Quotient(Tensor matrix, Tensor vector) => (matrix.mv(vector) / vector).max().ToDouble();

    /// <summary>The solution, its largest element 1; null where there is none that is positive and within the range.</summary>
    private static Tensor? Solved(Tensor matrix, Tensor vector)
    {
        (Tensor solution, Tensor info) = linalg.solve_ex(matrix, vector.unsqueeze(1));
        Tensor scaled = solution.squeeze(1) / solution.max();
        return info.ToInt32() == 0 && scaled.min().ToDouble() >= 1 / Range ? scaled : null;
    }
}
