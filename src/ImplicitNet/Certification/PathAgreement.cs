using System.Globalization;

namespace ImplicitNet.Certification;

/// <summary>
/// How far the answers of one sample, from several starts, differ from each other. Solves that did not converge are left out and counted.
/// </summary>
/// <param name="Starts">The number of starts tried.</param>
/// <param name="Converged">The number of starts from which the sample converged; only these are compared.</param>
/// <param name="Distance">
/// The largest <c>||a - b|| / max(||a||, ||b||)</c> over all pairs, in the L2 norm, dimensionless, in [0, 2]; 0 where both are zero; NaN
/// with fewer than two. A solve to a relative residual r leaves about r / (1 - gamma). Where the fixed point is zero, only rounding is
/// compared.
/// </param>
/// <param name="Cosine">
/// The least cosine of the angle between two of them, in [-1, 1]: 1 where both are zero, 0 where one is; NaN with fewer than two.
/// </param>
public readonly record struct PathAgreement(int Starts, int Converged, double Distance, double Cosine)
{
    /// <summary>One line with all of them.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Converged} of {Starts} starts converged: distance {Distance:g3} at most, cosine {Cosine:0.0000} at least");

    /// <summary>Compares every two of the starts that count.</summary>
    /// <param name="rows">Of one sample: one vector a start.</param>
    /// <param name="counts">For each start whether it converged.</param>
    internal static PathAgreement Of(IReadOnlyList<double[]> rows, IReadOnlyList<bool> counts)
    {
        int[] kept = [.. Enumerable.Range(0, rows.Count).Where(start => counts[start])];
        (double distance, double cosine) = (kept.Length < 2 ? double.NaN : 0, kept.Length < 2 ? double.NaN : 1);
        foreach ((int first, int i) in kept.Select((start, i) => (start, i)))
        {
            foreach (int second in kept.Skip(i + 1))
            {
                (double apart, double angle) = Compare(rows[first], rows[second]);
                (distance, cosine) = (Math.Max(distance, apart), Math.Min(cosine, angle));
            }
        }

        return new PathAgreement(rows.Count, kept.Length, distance, cosine);
    }

    private static (double Distance, double Cosine) Compare(double[] first, double[] second)
    {
        double a = 0, b = 0, dot = 0, apart = 0;
        for (int i = 0; i < first.Length; i++)
        {
            a += first[i] * first[i];
            b += second[i] * second[i];
            dot += first[i] * second[i];
            apart += (first[i] - second[i]) * (first[i] - second[i]);
        }

        double larger = Math.Sqrt(Math.Max(a, b));
        return larger == 0 ? (0, 1)
            : (Math.Sqrt(apart) / larger, a == 0 || b == 0 ? 0 : Math.Clamp(dot / (Math.Sqrt(a) * Math.Sqrt(b)), -1, 1));
    }
}
