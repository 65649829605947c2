namespace ImplicitNet.Training.Evaluation;

/// <summary>Sums of losses and of what a task measures, over the samples that count.</summary>
/// <param name="lossSum">Of an interrupted run.</param>
/// <param name="count">Samples of it.</param>
/// <param name="sums">By name, of it.</param>
internal sealed class ScoreTotals(double lossSum = 0, long count = 0, IReadOnlyDictionary<string, double>? sums = null)
{
    private readonly Dictionary<string, double> _sums = new(sums ?? new Dictionary<string, double>(), StringComparer.Ordinal);

    /// <summary>Samples that counted.</summary>
    public long Count { get; private set; } = count;

    public double LossSum { get; private set; } = lossSum;

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, double> Sums => _sums;

    /// <summary>The mean loss; NaN where no sample counted.</summary>
    public double Loss => LossSum / Count;

    /// <summary>The means by name; NaN where no sample counted.</summary>
    public IReadOnlyDictionary<string, double> Means =>
        _sums.ToDictionary(sum => sum.Key, sum => sum.Value / Count, StringComparer.Ordinal);

    /// <summary>One of the means; NaN where it is not measured, or no sample counted.</summary>
    public double Mean(string name) => _sums.TryGetValue(name, out double sum) ? sum / Count : double.NaN;

    /// <summary>All that is summed: samples, losses, and the sums by name in the order of the names.</summary>
    public double[] ToNumbers() => [Count, LossSum, .. _sums.OrderBy(sum => sum.Key, StringComparer.Ordinal).Select(sum => sum.Value)];

    /// <summary>Of sums of <see cref="ToNumbers"/>, under the same names.</summary>
    public ScoreTotals OfNumbers(ReadOnlySpan<double> sums) => new(
        sums[1], (long)sums[0],
        _sums.Keys.Order(StringComparer.Ordinal).Zip(sums[2..].ToArray()).ToDictionary(sum => sum.First, sum => sum.Second));

    /// <summary>Adds a batch.</summary>
    /// <param name="lossSum">The sum of its losses that count.</param>
    /// <param name="measured">One number a sample.</param>
    /// <param name="included">For each sample whether it counts.</param>
    public void Add(double lossSum, IReadOnlyList<(string Name, double[] Values)> measured, IReadOnlyList<bool> included)
    {
        int count = included.Count(counts => counts);
        Count += count;
        LossSum += count > 0 ? lossSum : 0;
        foreach ((string name, double[] values) in measured)
        {
            double sum = 0;
            for (int sample = 0; sample < values.Length; sample++)
            {
                sum += included[sample] ? values[sample] : 0;
            }

            _sums[name] = _sums.GetValueOrDefault(name) + sum;
        }
    }
}
