using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// The condition number of a symmetric, positive semidefinite operator by Lanczos iteration with full
/// re-orthogonalisation (two passes, so that the basis stays orthogonal to rounding).
/// </summary>
/// <remarks>
/// Ritz values lie within the spectrum, so their ratio never exceeds the condition number by more than rounding. Costs one
/// product a step and a basis of as many vectors in float64.
/// </remarks>
internal static class Lanczos
{
    /// <summary>An extreme eigenvalue has settled when its Ritz residual is below this share of it.</summary>
    private const double Settled = 0.01;

    /// <summary>Below this many units of rounding of the largest eigenvalue, one is zero.</summary>
    private const double Rounding = 32;

    /// <summary>Steps between two looks at the eigenvalues, which cost more than a small product.</summary>
    private const int LookSteps = 5;

    /// <summary>Iterates.</summary>
    /// <param name="apply">v to A v: float64 [n].</param>
    /// <param name="start">A random vector: float64 [n], not zero.</param>
    /// <param name="steps">The most steps; at least 1.</param>
    /// <param name="epsilon">The relative rounding of <paramref name="apply"/>.</param>
    public static ConditionNumber Condition(Func<Tensor, Tensor> apply, Tensor start, int steps, double epsilon)
    {
        using DisposeScope scope = NewDisposeScope();
        int last = (int)Math.Min(steps, start.numel());
        Tensor basis = zeros([last, start.numel()], ScalarType.Float64, start.device);
        List<double> diagonal = [];
        List<double> offDiagonal = [];
        Tensor vector = start / start.norm();
        for (int step = 1; ; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            basis[step - 1] = vector;
            Tensor product = apply(vector);
            diagonal.Add(product.dot(vector).ToDouble());
            Tensor known = basis.narrow(0, 0, step);
            for (int pass = 0; pass < 2; pass++)
            {
                product = product - known.t().mv(known.mv(product));
            }

            double next = product.norm().ToDouble();
            if (!double.IsFinite(next))
            {
                return new ConditionNumber(double.NaN, ConditionStatus.LowerBound, step);
            }

            bool isExhausted = step == start.numel() || next <= Rounding * epsilon * diagonal.Max();
            if (isExhausted || step == last || step % LookSteps == 0)
            {
                ConditionNumber found = Look(diagonal, offDiagonal, isExhausted ? 0 : next, epsilon);
                if (isExhausted || step == last || found.Status != ConditionStatus.LowerBound)
                {
                    return found;
                }
            }

            offDiagonal.Add(next);
            vector = (product / next).MoveToOuterDisposeScope();
        }
    }

    private static ConditionNumber Look(List<double> diagonal, List<double> offDiagonal, double next, double epsilon)
    {
        int steps = diagonal.Count;
        double[,] entries = new double[steps, steps];
        for (int i = 0; i < steps; i++)
        {
            entries[i, i] = diagonal[i];
            if (i + 1 < steps)
            {
                entries[i, i + 1] = entries[i + 1, i] = offDiagonal[i];
            }
        }

        (Tensor eigenvalues, Tensor vectors) = linalg.eigh(tensor(entries));
        double[] values = [.. eigenvalues.data<double>()];
        double[] ends = [.. vectors[steps - 1].contiguous().data<double>()];
        (double smallest, double largest) = (values[0], values[^1]);
        if (smallest <= Rounding * epsilon * largest)
        {
            return new ConditionNumber(double.PositiveInfinity, ConditionStatus.RankDeficient, steps);
        }

        bool isSettled = next * Math.Abs(ends[0]) <= Settled * smallest && next * Math.Abs(ends[^1]) <= Settled * largest;
        return new ConditionNumber(largest / smallest, isSettled ? ConditionStatus.Converged : ConditionStatus.LowerBound, steps);
    }
}
