namespace ImplicitNet.Training.Data.Series;

/// <summary>What was observed at some times, which need not be evenly spaced: a table with a row for each time. Immutable.</summary>
public sealed class TimeSeries
{
    private readonly double[] _times;
    private readonly double[] _values;

    /// <summary>Takes over what was read; the times rise strictly.</summary>
    internal TimeSeries(string name, IReadOnlyList<string> columns, double[] times, double[] values)
    {
        (Name, Columns, _times, _values) = (name, columns, times, values);
    }

    /// <summary>Its name in the file's column "series"; empty where the file has none.</summary>
    public string Name { get; }

    /// <summary>Names of what was observed, in the order of the file.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>When: rising strictly, in the unit of the file.</summary>
    public ReadOnlySpan<double> Times => _times;

    /// <summary>What was observed at a time, one number a column; NaN where the file has an empty cell.</summary>
    /// <param name="row">0 to the number of times - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<double> this[int row] => (uint)row < (uint)_times.Length
        ? _values.AsSpan(row * Columns.Count, Columns.Count)
        : throw new ArgumentOutOfRangeException(nameof(row), row, $"There are {_times.Length} rows.");

    /// <summary>Some of its rows, such as <c>series.Rows(..^20)</c>; what they hold is copied.</summary>
    /// <param name="rows">Which.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public TimeSeries Rows(Range rows)
    {
        (int first, int count) = rows.GetOffsetAndLength(_times.Length);
        return new(Name, Columns, _times[rows], _values[(first * Columns.Count)..((first + count) * Columns.Count)]);
    }

    /// <summary>The columns that all of some series have.</summary>
    /// <exception cref="ArgumentException">There are no series, or their columns differ.</exception>
    internal static IReadOnlyList<string> ColumnsOf(IReadOnlyList<TimeSeries> series)
    {
        ArgumentNullException.ThrowIfNull(series);
        if (series.Count == 0)
        {
            throw new ArgumentException("There are no series.", nameof(series));
        }

        return series.FirstOrDefault(one => !one.Columns.SequenceEqual(series[0].Columns)) is { } other
            ? throw new ArgumentException(
                $"Series of one source have the same columns. Given: [{string.Join(", ", series[0].Columns)}] and "
                + $"[{string.Join(", ", other.Columns)}].",
                nameof(series))
            : series[0].Columns;
    }

    /// <summary>Whether nothing is missing at a time.</summary>
    internal bool IsComplete(int row)
    {
        foreach (double value in this[row])
        {
            if (double.IsNaN(value))
            {
                return false;
            }
        }

        return true;
    }
}
