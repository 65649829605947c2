namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>Least, median and largest of several measurements of one thing.</summary>
internal readonly record struct Spread(double Least, double Median, double Largest)
{
    /// <summary>Of at least one value.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length > 0
            ? new Spread(sorted[0], Quantile(sorted, 0.5), sorted[^1])
            : throw new ArgumentException("A spread needs at least one value.", nameof(values));
    }

    /// <summary>The value below which a share of the sorted ones lies, by linear interpolation between two neighbours.</summary>
    /// <param name="sorted">Ascending; at least one.</param>
    /// <param name="share">0 to 1; 0.5 is the median.</param>
    public static double Quantile(IReadOnlyList<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return below == above ? sorted[below] : sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
