namespace ImplicitNet.Training.Comparisons;

/// <summary>What several measurements of one quantity came to.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation, with n - 1 in the denominator; null for one measurement, which has none.</param>
public readonly record struct MeanAndDeviation(double Mean, double? Deviation)
{
    /// <summary>Of some measurements; null where there is none, or one of them is missing or not finite: the rest would flatter.</summary>
    /// <param name="values">The measurements.</param>
    public static MeanAndDeviation? Of(IEnumerable<double?> values)
    {
        double[] known = [.. values.Select(value => value ?? double.NaN)];
        if (known.Length == 0 || !Array.TrueForAll(known, double.IsFinite))
        {
            return null;
        }

        double mean = known.Average();
        return new MeanAndDeviation(mean, known.Length == 1 ? null : Math.Sqrt(known.Sum(value => (value - mean) * (value - mean)) / (known.Length - 1)));
    }
}
