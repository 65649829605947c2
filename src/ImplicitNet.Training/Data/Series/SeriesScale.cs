using ImplicitNet.Files;

namespace ImplicitNet.Training.Data.Series;

/// <summary>
/// The units in which a network sees time series: a column has mean 0 and deviation 1, a usual gap between two times is 1. Take it from
/// what is trained on, and use it for everything else.
/// </summary>
public sealed record SeriesScale
{
    /// <summary>The mean of each column, in its own unit; finite.</summary>
    public required ChannelValues Means
    {
        get;
        init => field = value?.All(double.IsFinite) == true
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Means), $"Means must be finite numbers; they are {value}.");
    }

    /// <summary>The standard deviation of each column, in its own unit; above 0 and finite, as many as there are means.</summary>
    public required ChannelValues Deviations
    {
        get;
        init => field = value?.All(number => number is > 0 and < double.PositiveInfinity) == true
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Deviations), $"Deviations must be finite numbers above 0; they are {value}.");
    }

    /// <summary>The gap between two times that counts as 1, in the unit of time of the file; above 0 and finite.</summary>
    public required double TimeUnit
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TimeUnit), value, "The unit of time must be above 0 and finite.");
    }

    /// <summary>
    /// The scale of some series: means and deviations of all that was observed in a column, deviation 1 where it never changes; the median
    /// of all gaps, 1 where there are none.
    /// </summary>
    /// <param name="series">At least one, all of the same columns.</param>
    /// <exception cref="ArgumentException">
    /// There are none, their columns differ, or a column has nothing but empty cells or values whose deviation is no number above 0
    /// although they differ.
    /// </exception>
    public static SeriesScale Of(params IReadOnlyList<TimeSeries> series)
    {
        IReadOnlyList<string> columns = TimeSeries.ColumnsOf(series);
        double[] means = new double[columns.Count], deviations = new double[columns.Count];
        for (int column = 0; column < columns.Count; column++)
        {
            (means[column], deviations[column]) = Moments(series, column);
        }

        List<double> gaps = [];
        foreach (TimeSeries one in series)
        {
            for (int row = 1; row < one.Times.Length; row++)
            {
                gaps.Add(one.Times[row] - one.Times[row - 1]);
            }
        }

        gaps.Sort();
        return new SeriesScale
        {
            Means = [.. means],
            Deviations = [.. deviations],
            TimeUnit = gaps.Count == 0 ? 1 : gaps[gaps.Count / 2],
        };
    }

    /// <summary>Refuses a scale of other columns.</summary>
    /// <exception cref="ArgumentException">It has another number of them.</exception>
    internal void EnsureFits(int columns)
    {
        if (Means.Count != columns || Deviations.Count != columns)
        {
            throw new ArgumentException(
                $"There are {columns} columns, and the scale has {Means.Count} means and {Deviations.Count} deviations.");
        }
    }

    private static (double Mean, double Deviation) Moments(IReadOnlyList<TimeSeries> series, int column)
    {
        // Welford's update: a column of large numbers that differ little keeps its digits.
        (long count, double mean, double squares) = (0, 0, 0);
        (double least, double most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (TimeSeries one in series)
        {
            for (int row = 0; row < one.Times.Length; row++)
            {
                if (one[row][column] is var value && !double.IsNaN(value))
                {
                    count++;
                    (least, most) = (Math.Min(least, value), Math.Max(most, value));
                    double move = value - mean;
                    mean += move / count;
                    squares += move * (value - mean);
                }
            }
        }

        double deviation = Math.Sqrt(squares / Math.Max(count, 1));
        string name = series[0].Columns[column];
        return count == 0 ? throw new ArgumentException($"Column '{name}' has nothing but empty cells.")
            : least == most ? (least, 1)
            : deviation is > 0 and < double.PositiveInfinity && double.IsFinite(mean) ? (mean, deviation)
            : throw new ArgumentException(FormattableString.Invariant(
                $"Column '{name}' is between {least} and {most}, and no standard deviation of it can be computed; give it another unit."));
    }
}
