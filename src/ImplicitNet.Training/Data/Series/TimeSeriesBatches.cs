using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Data.Series;

/// <summary>
/// Batches of windows of time series, to say from one row what the next ones are; made by <c>BatchSource.FromSeries</c>. A window begins at
/// every row in which nothing is missing, unless nothing at all was observed in the rows behind it; what is missing there does not count.
/// </summary>
/// <remarks>
/// In the units of <see cref="Scale"/>, float32. Inputs: [batch, columns + <see cref="Length"/>], the row that the window begins at, then
/// the gaps of time from row to row. Targets: [batch, length, columns], the rows that follow, with 0 for what is missing; weights of the
/// same shape, 1 for what was observed. For <see cref="Tasks.Regression"/>.
/// </remarks>
public sealed class TimeSeriesBatches : IndexedBatches
{
    private readonly IReadOnlyList<TimeSeries> _series;
    private readonly (int Series, int Row)[] _windows;
    private readonly Lazy<object> _identity;

    internal TimeSeriesBatches(IReadOnlyList<TimeSeries> series, int length, SeriesScale scale, string name, int batchSize, long seed)
        : this(series, Windows(series, length), length, scale, name, batchSize, seed)
    {
    }

    private TimeSeriesBatches(
        IReadOnlyList<TimeSeries> series, (int Series, int Row)[] windows, int length, SeriesScale scale, string name, int batchSize,
        long seed)
        : base(name, windows.Length, batchSize, seed)
    {
        scale.EnsureFits(series[0].Columns.Count);
        (_series, _windows, Length, Scale) = (series, windows, length, scale);
        _identity = new Lazy<object>(Identify);
    }

    /// <summary>The number of rows that are to be said from one.</summary>
    public int Length { get; }

    /// <summary>The units of everything in a batch.</summary>
    public SeriesScale Scale { get; }

    /// <summary>Series that are too short, or have too many empty cells, for a window.</summary>
    internal int SeriesWithoutWindow => _series.Count - _windows.Select(window => window.Series).Distinct().Count();

    /// <summary>Series in all.</summary>
    internal int SeriesCount => _series.Count;

    /// <summary>All options, and a checksum of times and values: a run cannot be resumed with other series.</summary>
    public override object Identity => _identity.Value;

    /// <inheritdoc/>
    protected override Batch Make(ReadOnlySpan<int> indices, int? epoch)
    {
        int columns = _series[0].Columns.Count, width = columns + Length;
        float[] inputs = new float[indices.Length * width];
        float[] targets = new float[indices.Length * Length * columns], weights = new float[targets.Length];
        for (int place = 0; place < indices.Length; place++)
        {
            (int number, int row) = _windows[indices[place]];
            TimeSeries one = _series[number];
            Span<float> input = inputs.AsSpan(place * width, width);
            for (int column = 0; column < columns; column++)
            {
                input[column] = Scaled(one[row][column], column);
            }

            for (int step = 0; step < Length; step++)
            {
                int next = row + 1 + step, at = ((place * Length) + step) * columns;
                input[columns + step] = (float)((one.Times[next] - one.Times[next - 1]) / Scale.TimeUnit);
                for (int column = 0; column < columns; column++)
                {
                    if (one[next][column] is var value && !double.IsNaN(value))
                    {
                        (targets[at + column], weights[at + column]) = (Scaled(value, column), 1);
                    }
                }
            }
        }

        long[] shape = [indices.Length, Length, columns];
        return new Batch(tensor(inputs, [indices.Length, width]), tensor(targets, shape), tensor(weights, shape));
    }

    private float Scaled(double value, int column) => (float)((value - Scale.Means[column]) / Scale.Deviations[column]);

    private static (int Series, int Row)[] Windows(IReadOnlyList<TimeSeries> series, int length)
    {
        TimeSeries.ColumnsOf(series);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        List<(int, int)> windows = [];
        for (int number = 0; number < series.Count; number++)
        {
            for (int row = 0; row + length < series[number].Times.Length; row++)
            {
                if (series[number].IsComplete(row) && IsAnythingIn(series[number], row + 1, length))
                {
                    windows.Add((number, row));
                }
            }
        }

        return windows.Count > 0
            ? [.. windows]
            : throw new ArgumentException(
                $"There is no window: none of {series.Count} series has a row without an empty cell and {length} rows behind it; "
                + $"the longest has {series.Max(one => one.Times.Length)} rows. Rows behind it without any value do not count.");
    }

    // A window that asks for nothing would be answered perfectly by anything.
    private static bool IsAnythingIn(TimeSeries series, int first, int count)
    {
        for (int row = first; row < first + count; row++)
        {
            foreach (double value in series[row])
            {
                if (!double.IsNaN(value))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private SeriesIdentity Identify() => new()
    {
        Length = Length,
        Means = $"{Scale.Means}",
        Deviations = $"{Scale.Deviations}",
        TimeUnit = Scale.TimeUnit,
        Content = new ContentIdentity
        {
            BatchSize = BatchSize,
            Seed = Seed,
            Checksum = ContentIdentity.Of(checksum =>
            {
                foreach (TimeSeries one in _series)
                {
                    checksum.AppendData(MemoryMarshal.AsBytes(one.Times));
                    for (int row = 0; row < one.Times.Length; row++)
                    {
                        checksum.AppendData(MemoryMarshal.AsBytes(one[row]));
                    }
                }
            }),
        },
    };

    private sealed record SeriesIdentity
    {
        public required int Length { get; init; }

        public required string Means { get; init; }

        public required string Deviations { get; init; }

        public required double TimeUnit { get; init; }

        public required ContentIdentity Content { get; init; }
    }
}
