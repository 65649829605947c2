using System.Globalization;

namespace ImplicitNet.Reports.Comparisons;

/// <summary>What several measurements of one quantity came to.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation, with n - 1 in the denominator; null for one measurement, which has none.</param>
internal readonly record struct MeanAndDeviation(double Mean, double? Deviation)
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
        return new MeanAndDeviation(
            mean, known.Length == 1 ? null : Math.Sqrt(known.Sum(value => (value - mean) * (value - mean)) / (known.Length - 1)));
    }

    /// <summary>For tables: "99.43 ± 0.02", in the invariant culture; the mean alone where there is no deviation.</summary>
    /// <param name="scale">What both are multiplied by, such as 100 for shares in per cent.</param>
    /// <param name="format">The numbers' format.</param>
    internal string ToText(double scale, string format)
    {
        string mean = (scale * Mean).ToString(format, CultureInfo.InvariantCulture);
        return Deviation is { } deviation ? $"{mean} ± {(scale * deviation).ToString(format, CultureInfo.InvariantCulture)}" : mean;
    }
}
